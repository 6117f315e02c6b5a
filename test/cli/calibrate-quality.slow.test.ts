import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');
const folder = mkdtempSync(join(workshop, 'quality-'));
const [detector, scans, labels] = ['detector', 'scans', 'labels'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const calibrate = (...more: string[]) =>
  segcanary(['calibrate', '-d', detector, '-m', MODEL, '-i', scans, '--labels', labels, '--shifts', '1', ...more]);

describe('segcanary calibrate --labels', () => {
  beforeAll(async () => {
    cpSync(join(workshop, 'detector'), detector, { recursive: true });
    mkdirSync(scans);
    for (let i = 0; i < 9; i++)
      await writeScan({ path: join(scans, `s${i}_0000.nii.gz`), seed: 500 + i, shape: [24, 48, 48] });
    // What the network makes of the scans as they are stands for the truth: their Dice is 1.
    const ran = await segcanary(['segment', '-m', MODEL, '-i', scans, '-o', labels]);
    expect(ran.code).toBe(0);
  });

  it('learns, says how well, and segment estimates with it', async () => {
    const ran = await calibrate();
    expect([
      ran.code,
      ran.stderr.replace(/.*( took .* min|: as it is|: low-dose|learning what .*|single odd scan .*)\n/g, ''),
    ]).toEqual([0, '']);
    const said = ran.stdout.toString();
    expect(said).toContain('learned from 9 labelled scans in 18 passes');
    expect(said).toContain('jackknife+ on 9 scans: without a shift it holds for at least 80 % of scans');
    expect(said).toMatch(/coverage .* of \d left out|stress bound/);
    const inspected = await segcanary(['inspect', detector]);
    expect(inspected.stdout.toString()).toContain(said.slice(said.indexOf('\nquality')).trim());

    const output = join(folder, 'out');
    const segmented = await segcanary([
      'segment',
      '-m',
      MODEL,
      '-d',
      detector,
      '-i',
      join(scans, 's0_0000.nii.gz'),
      '-o',
      output,
    ]);
    const [line] = jsonLines(segmented) as [{ quality: Record<string, unknown>; trust: string; verdict: string }];
    expect(Object.keys(line.quality).sort()).toEqual(['atLeast', 'dice', 'level', 'note', 'perLabel']);
    expect(line.quality.level).toBe(0.8);
    expect(line.quality.dice).toBeGreaterThan(0.9);
    expect(['yes', 'no']).toContain(line.trust);

    const mirrored = jsonLines(
      await segcanary([
        'segment',
        '-m',
        MODEL,
        '-d',
        detector,
        '-i',
        join(scans, 's0_0000.nii.gz'),
        '-o',
        output,
        '--tta',
      ]),
    );
    expect(mirrored).toMatchObject([{ quality: null, trust: 'unknown', warnings: [{ code: 'quality-of-others' }] }]);
    const [scored] = jsonLines(await segcanary(['score', '-d', detector, '-i', join(scans, 's0_0000.nii.gz')]));
    expect(scored).toMatchObject({ quality: null });
  });

  it('refuses what it cannot learn from, before it reads a scan', async () => {
    const before = readFileSync(join(detector, 'detector.json'), 'utf8');
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const missing = await segcanary(['calibrate', '-d', detector, '-m', MODEL, '-i', scans, '--labels', empty]);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringContaining('holds no segmentation of s0 (s0.nii.gz)'),
    ]);
    const half = await segcanary(['calibrate', '-d', detector, '-i', scans, '--labels', labels]);
    expect([half.code, half.stderr]).toEqual([2, expect.stringContaining('--labels needs the model')]);
    expect(readFileSync(join(detector, 'detector.json'), 'utf8')).toBe(before);
    expect(readdirSync(labels).length).toBe(9);
  });
});
