import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { MODEL, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const train = join(workshop, 'train');
const fresh = () => mkdtempSync(join(workshop, 'fit-'));
const description = (dir: string) => JSON.parse(readFileSync(join(dir, 'detector.json'), 'utf8'));

describe('segcanary fit', () => {
  it('resumes from its cache, and a second estimator costs no inference', async () => {
    const folder = fresh();
    const output = join(folder, 'detector');
    const fit = ['fit', '-v', '-m', MODEL, '-i', train, '-o', output, '--detector', 'mahalanobis'];
    const first = await segcanary(fit);
    expect(first.code, first.stderr).toBe(0);
    const before = description(output);
    expect(first.stderr).not.toMatch(/from the cache/);
    // One entry is lost and one is damaged: both are computed again, the other four are not.
    const cache = `${output}.cache`;
    const [lost, damaged] = readdirSync(cache).filter((name) => name.endsWith('.embeddings'));
    rmSync(join(cache, lost));
    appendFileSync(join(cache, damaged), 'x');
    const again = await segcanary(fit);
    expect(again.stderr.match(/from the cache/g)?.length).toBe(4);
    expect(description(output).statisticsSha256).toBe(before.statisticsSha256);
    const other = await segcanary([...fit, '--estimator', 'empirical']);
    expect(other.stderr.match(/from the cache/g)?.length).toBe(6);
    expect(other.stderr).toMatch(/cannot be seen/);
    expect(description(output)).toMatchObject({ estimator: 'empirical', shrinkage: null, calibration: null });
  });

  it('reports N, d, rank and condition number, and says nothing of N < d, which shrinkage is for', async () => {
    const ran = await segcanary([
      'fit',
      '-m',
      MODEL,
      '-i',
      train,
      '-o',
      join(fresh(), 'detector'),
      '--cache',
      join(workshop, 'detector.cache'),
      '--detector',
      'mahalanobis',
    ]);
    for (const word of ['patches N', 'features d', 'rank', 'condition number', 'ledoit-wolf'])
      expect(ran.stdout.toString()).toContain(word);
    expect(ran.stderr).not.toMatch(/per feature|few/);
  });

  it('goes on without a scan that fails, and exits with 3', async () => {
    const folder = fresh();
    const scans = join(folder, 'scans');
    cpSync(train, scans, { recursive: true });
    writeFileSync(join(scans, 'broken.nii'), 'not a scan');
    const ran = await segcanary(['fit', '-m', MODEL, '-i', scans, '-o', join(folder, 'detector')]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/broken\.nii/);
    expect(description(join(folder, 'detector')).cases).toBe(6);
  });

  it('taps what is named, and refuses what is not there or what it would overwrite', async () => {
    const folder = fresh();
    const taps = await segcanary(['taps', MODEL, '--ndjson']);
    const listed = taps.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(listed.filter((t) => t.suggested).length).toBe(1);
    const tap = listed.find((t) => t.op === 'Conv' && t.d < 3000);
    const named = await segcanary([
      'fit',
      '-m',
      MODEL,
      '--detector',
      'mahalanobis',
      '--tap',
      tap.name,
      '-i',
      train,
      '-o',
      join(folder, 'named'),
    ]);
    expect(named.code, named.stderr).toBe(0);
    expect(description(join(folder, 'named'))).toMatchObject({ tap: { name: tap.name, suggested: false }, d: tap.d });

    const unknown = await segcanary([
      'fit',
      '-m',
      MODEL,
      '--detector',
      'mahalanobis',
      '--tap',
      'encoder.stages.9',
      '-i',
      train,
      '-o',
      join(folder, 'x'),
    ]);
    expect([unknown.code, existsSync(join(folder, 'x'))]).toEqual([1, false]);
    expect(unknown.stderr).toMatch(/encoder\.stages\.9.*nearest/);
    const overwriting = await segcanary(['fit', '-m', MODEL, '-i', train, '-o', train]);
    expect([overwriting.code, readdirSync(train).length]).toEqual([1, 6]);
  });
});

describe('segcanary inspect', () => {
  it('says what the threshold can promise with too few scans', async () => {
    const ran = await segcanary(['inspect', join(workshop, 'detector')]);
    expect(ran.stdout.toString()).toMatch(/too few for 95 %.*83\.3 %/);
    expect(description(join(workshop, 'detector')).calibration.boundary.level).toBeCloseTo(5 / 6, 12);
  });

  it('refuses a detector whose files do not belong together', async () => {
    const copy = join(fresh(), 'detector');
    cpSync(join(workshop, 'detector'), copy, { recursive: true });
    appendFileSync(join(copy, 'encoder.onnx'), 'x');
    const ran = await segcanary(['inspect', copy]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/encoder\.onnx.*sha256/);
  });
});
