import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { headerLength, parseHeader } from '../../src/formats/nifti/header.js';
import type { SubjectScore } from '../../src/results.js';
import { jsonLines, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'out-'));

describe('segcanary score', () => {
  it('gives the same bytes for a path, for gzip on stdin and for the same voxels uncompressed', async () => {
    const gz = readFileSync(scan);
    const byPath = await segcanary(['score', '-d', detector, '-i', scan, '--case', 'x']);
    const byPipe = await segcanary(['score', '-d', detector, '-i', '-', '--case', 'x'], { stdin: gz });
    const plain = await segcanary(['score', '-d', detector, '-i', '-', '--case', 'x'], { stdin: gunzipSync(gz) });
    expect(byPath.code).toBe(0);
    expect(byPipe.stdout.toString()).toBe(byPath.stdout.toString());
    expect(plain.stdout.toString()).toBe(byPath.stdout.toString());
    expect(byPath.stderr).toBe('');
    const [result] = jsonLines(byPath);
    expect(Object.keys(result)).toEqual([
      'case',
      'score',
      'uncertainty',
      'boundary',
      'verdict',
      'pValue',
      'patches',
      'worstPatch',
      'warnings',
      'detector',
      'quality',
    ]);
    // The scan is one of the five that drew the boundary.
    const { calibration } = JSON.parse(readFileSync(join(detector, 'detector.json'), 'utf8'));
    expect(calibration.cases).toContainEqual({ case: 'held-out_2', score: result.score });
    expect(result.boundary).toBe(calibration.boundary.conformal);
    const scores = (calibration.cases as { score: number }[]).map(({ score }) => score);
    expect(result.pValue).toBe((1 + scores.filter((score) => score >= (result.score as number)).length) / 6);
  });

  it('writes a mask in the geometry of the scan, whose mean is the score or less than the intensities say', async () => {
    const mask = join(fresh(), 'mask.nii.gz');
    const ran = await segcanary(['score', '-d', detector, '-i', scan, '--mask', mask, '--explain']);
    const [{ score, explanation }] = jsonLines(ran) as unknown as SubjectScore[];
    const { z } = explanation!.groups!.find(({ name }) => name === 'intensities')!;
    const voxels = maskVoxels(readFileSync(mask));
    expect(voxels.length).toBe(36 * 72 * 72);
    expect(Math.max(voxels.reduce((sum, v) => sum + v, 0) / voxels.length, z)).toBeCloseTo(score, 5);
    const header = (bytes: Buffer) => parseHeader(new Uint8Array(gunzipSync(bytes)), { name: 'x' });
    expect(header(readFileSync(mask)).geometry).toEqual(header(readFileSync(scan)).geometry);
  });

  it('puts the mask on stdout and the result on stderr with --mask -', async () => {
    const ran = await segcanary(['score', '-d', detector, '-i', '-', '--mask', '-'], { stdin: createReadStream(scan) });
    expect(maskVoxels(ran.stdout).length).toBe(36 * 72 * 72);
    expect(JSON.parse(ran.stderr)).toMatchObject({ case: 'stdin', patches: 8 });
  });

  it('takes a folder, gives a folder, and lets one corrupt scan among many fail alone', async () => {
    const [input, output] = [fresh(), join(fresh(), 'results')];
    await writeScan({ path: join(input, 'a_0000.nii.gz'), seed: 50 });
    writeFileSync(join(input, 'b.nii.gz'), readFileSync(scan).subarray(0, 9000));
    await writeScan({ path: join(input, 'c.nii'), seed: 51 });
    const ran = await segcanary(['score', '-d', detector, '-i', input, '-o', output]);
    expect(ran.code).toBe(3);
    const results = jsonLines(ran);
    expect(results.map((r) => r.case)).toEqual(['a', 'b', 'c']);
    expect(results[1]).toMatchObject({ error: { code: 'truncated', message: expect.stringContaining('b.nii.gz') } });
    expect(ran.stderr.trim().split('\n').length).toBe(1);
    expect(readdirSync(output).sort()).toEqual([
      'a.json',
      'a_uncertainty.nii.gz',
      'b.json',
      'c.json',
      'c_uncertainty.nii.gz',
      'scores.csv',
      'summary.json',
    ]);
    // Files hold the score itself; that nothing is known of the quality is said in the line alone.
    const { quality, ...score } = results[0] as Record<string, unknown>;
    expect(quality).toBeNull();
    expect(JSON.parse(readFileSync(join(output, 'a.json'), 'utf8'))).toEqual(score);
    expect(JSON.parse(readFileSync(join(output, 'summary.json'), 'utf8'))).toMatchObject({ scans: 3, failed: 1 });
    expect(readFileSync(join(output, 'scores.csv'), 'utf8').split('\n').length).toBe(5);
  });

  it('has nothing to say on stderr about many scans that are well', async () => {
    const folder = fresh();
    for (let i = 0; i < 13; i++) copyFileSync(scan, join(folder, `copy_${i}.nii.gz`));
    const ran = await segcanary(['score', '-d', detector, '-i', folder]);
    expect(ran.stderr).toBe('');
    expect(jsonLines(ran).length).toBe(13);
  });

  it('exits with 10 for an out-of-distribution scan only when asked to', async () => {
    const other = join(fresh(), 'other.nii.gz');
    await writeScan({ path: other, seed: 9, shape: [36, 72, 72] });
    const shifted = gunzipSync(readFileSync(other));
    const voxels = new Int16Array(shifted.buffer, shifted.byteOffset + 352, 36 * 72 * 72);
    for (let i = 0; i < voxels.length; i++) voxels[i] = (i * 7919) % 2048;
    const asked = await segcanary(['score', '-d', detector, '-i', '-', '--fail-on-ood'], { stdin: shifted });
    expect(jsonLines(asked)[0].verdict).toBe('out-of-distribution');
    expect(asked.code).toBe(10);
    expect((await segcanary(['score', '-d', detector, '-i', '-'], { stdin: shifted })).code).toBe(0);
  });

  it('says in one sentence what is wrong, and leaves no file behind', async () => {
    const output = fresh();
    const mask = join(output, 'mask.nii.gz');
    const cases: [string[], Uint8Array | undefined, number, RegExp][] = [
      [
        ['-d', detector, '-i', '-', '--mask', mask],
        readFileSync(scan).subarray(0, 5000),
        1,
        /stdin.*(ends|ended|stops|incomplete|truncated)/i,
      ],
      [['-d', detector, '-i', '-', '--mask', mask], new Uint8Array(0), 1, /stdin/],
      [['-d', join(workshop, 'nowhere'), '-i', scan], undefined, 1, /nowhere/],
      [['-d', detector, '-i', join(workshop, 'nothing.nii')], undefined, 1, /nothing\.nii/],
      [['-d', detector, '-i', scan, join(workshop, 'train'), '--mask', mask], undefined, 2, /--mask takes one scan/],
      [['-d', detector, '-i', scan, '--volume', '-1'], undefined, 2, /volume/],
      [['-d', detector], undefined, 2, /--input/],
      [['-d', detector, '-i', scan, '--nonsense'], undefined, 2, /nonsense/],
    ];
    for (const [args, stdin, code, message] of cases) {
      const ran = await segcanary(['score', ...args], { stdin });
      expect([ran.code, args], ran.stderr).toEqual([code, args]);
      expect(ran.stderr).toMatch(message);
      expect(ran.stderr).not.toMatch(/\n\s+at /);
    }
    expect(readdirSync(output)).toEqual([]);
  });

  it('ends cleanly when its reader leaves early, and on SIGINT with 130 and nothing left behind', async () => {
    const folder = fresh();
    const input = join(folder, 'in');
    const tmp = join(folder, 'tmp');
    for (const f of [input, tmp]) mkdirSync(f);
    for (let i = 0; i < 12; i++) await writeScan({ path: join(input, `s${i}.nii`), seed: 60 + i });
    const early = await segcanary(['score', '-d', detector, '-i', input], {
      started: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
    });
    expect([early.code, early.stderr]).toEqual([0, '']);

    const output = join(folder, 'out');
    const interrupted = await segcanary(['score', '-d', detector, '-i', input, '-o', output, '--tmpdir', tmp], {
      started: (child) => child.stdout?.once('data', () => child.kill('SIGINT')),
    });
    expect(interrupted.code).toBe(130);
    expect(readdirSync(tmp)).toEqual([]);
    expect(readdirSync(output).filter((name) => name.includes('partial'))).toEqual([]);
    expect(existsSync(join(output, 'summary.json'))).toBe(false);
  });
});

function maskVoxels(gz: Buffer): Float32Array {
  const bytes = gunzipSync(gz);
  expect(headerLength(bytes)).toBe(348);
  return new Float32Array(Uint8Array.from(bytes.subarray(bytes.readFloatLE(108))).buffer);
}
