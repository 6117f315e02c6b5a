import { copyFileSync, cpSync, createReadStream, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { headerLength, parseHeader } from '../../src/formats/nifti/header.js';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'segment-'));

function labels(gz: Uint8Array): Buffer {
  const bytes = gunzipSync(gz);
  return bytes.subarray(parseHeader(bytes.subarray(0, headerLength(bytes) ?? 0), { name: 'x' }).voxelOffset);
}

describe('segcanary segment', () => {
  it('writes labels in the geometry of the scan, and the score that segcanary score gives', async () => {
    const output = join(fresh(), 'out');
    const ran = await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', scan, '-o', output]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const [{ segmentation, voxels, ...result }] = jsonLines(ran) as [Record<string, unknown>];
    expect(segmentation).toBe(join(output, 'held-out_2.nii.gz'));

    const mask = join(fresh(), 'mask.nii.gz');
    const [scored] = jsonLines(await segcanary(['score', '-d', detector, '-i', scan, '--mask', mask]));
    const { score, worstPatch, uncertainty, ...rest } = scored as Record<string, never>;
    expect(result).toMatchObject(rest);
    expect(result.score as number).toBeCloseTo(score, 2);
    expect(Math.abs((result.score as number) / score - 1)).toBeLessThan(1e-5);
    expect((result.worstPatch as { centre: number[] }).centre).toEqual((worstPatch as { centre: number[] }).centre);
    expect(readdirSync(output).sort()).toEqual([
      'held-out_2.json',
      'held-out_2.nii.gz',
      'held-out_2_uncertainty.nii.gz',
      'scores.csv',
      'summary.json',
    ]);
    const floats = (gz: Buffer) => new Float32Array(Uint8Array.from(labels(gz)).buffer);
    const [one, two] = [
      floats(readFileSync(join(output, 'held-out_2_uncertainty.nii.gz'))),
      floats(readFileSync(mask)),
    ];
    one.forEach((v, i) => {
      if (!(Math.abs(v - two[i]) <= 1e-5 * two[i])) throw new Error(`${v} for ${two[i]} at ${i}`);
    });

    const written = readFileSync(segmentation as string);
    const header = (bytes: Buffer) => parseHeader(new Uint8Array(gunzipSync(bytes)), { name: 'x' });
    expect(header(written).geometry).toEqual(header(readFileSync(scan)).geometry);
    expect(header(written).dataType).toBe('uint8');
    const counts: Record<string, number> = {};
    for (const label of labels(written)) counts[label] = (counts[label] ?? 0) + 1;
    expect(voxels).toEqual(counts);
  });

  it('gives the same bytes for a file, for a pipe and without a detector', async () => {
    const output = fresh();
    const plain = await segcanary(['segment', '-m', MODEL, '-i', scan, '-o', output]);
    expect(jsonLines(plain)).toMatchObject([{ case: 'held-out_2', patches: 8, segmentation: expect.any(String) }]);
    expect(readdirSync(output)).toEqual(['held-out_2.nii.gz']);
    const piped = await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', '-', '-o', '-'], {
      stdin: createReadStream(scan),
    });
    expect(piped.stdout.equals(readFileSync(join(output, 'held-out_2.nii.gz')))).toBe(true);
    expect(JSON.parse(piped.stderr)).toMatchObject({ case: 'stdin', verdict: expect.any(String), segmentation: null });
  });

  it('segments an out-of-distribution scan all the same, and exits with 10 when asked to', async () => {
    const noise = join(fresh(), 'noise.nii.gz');
    await writeScan({ path: noise, seed: 9 });
    const shifted = gunzipSync(readFileSync(noise));
    const voxels = new Int16Array(shifted.buffer, shifted.byteOffset + 352, 36 * 72 * 72);
    for (let i = 0; i < voxels.length; i++) voxels[i] = (i * 7919) % 2048;
    const output = fresh();
    const ran = await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', '-', '-o', output, '--fail-on-ood'], {
      stdin: shifted,
    });
    expect(ran.code).toBe(10);
    expect(jsonLines(ran)).toMatchObject([{ verdict: 'out-of-distribution' }]);
    expect(labels(readFileSync(join(output, 'stdin.nii.gz'))).length).toBe(36 * 72 * 72);
  });

  it('lets one corrupt scan among many fail alone, without a file of its own', async () => {
    const [input, output] = [fresh(), fresh()];
    copyFileSync(scan, join(input, 'a_0000.nii.gz'));
    writeFileSync(join(input, 'b.nii.gz'), readFileSync(scan).subarray(0, 9000));
    for (const more of [[], ['-d', detector]]) {
      const ran = await segcanary(['segment', '-m', MODEL, ...more, '-i', input, '-o', output]);
      expect(ran.code).toBe(3);
      expect(jsonLines(ran)).toMatchObject([{ case: 'a' }, { case: 'b', error: { code: 'truncated' } }]);
      expect(readdirSync(output).filter((name) => name.startsWith('b') || name.startsWith('.'))).toEqual(
        more.length > 0 ? ['b.json'] : [],
      );
    }
  });

  it('refuses a detector of another network or plan', async () => {
    const folder = fresh();
    const output = join(folder, 'out');
    const other = join(import.meta.dirname, '../fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres');
    const ran = await segcanary(['segment', '-m', other, '-d', detector, '-i', scan, '-o', output]);
    expect([ran.code, ran.stdout.toString()]).toEqual([2, '']);
    expect(ran.stderr).toMatch(/was fitted to another network .* than any of .*synthetic/);

    const replanned = join(folder, 'model');
    cpSync(MODEL, replanned, { recursive: true });
    const plans = JSON.parse(readFileSync(join(replanned, 'plans.json'), 'utf8'));
    plans.configurations['3d_fullres'].spacing[0] += 1;
    writeFileSync(join(replanned, 'plans.json'), JSON.stringify(plans));
    const changed = await segcanary(['segment', '-m', replanned, '-d', detector, '-i', scan, '-o', output]);
    expect(changed.code).toBe(2);
    expect(changed.stderr).toMatch(/was fitted under another plan/);
    expect(readdirSync(folder)).toEqual(['model']);
  });

  it('segments and scores with a model of nnU-Net v1, which measures what it has resampled', async () => {
    const folder = fresh();
    const model = join(import.meta.dirname, '../fixtures/segment/v1-synthetic');
    const scans = [0, 1].map((i) => join(folder, `mr_${i}_0000.nii.gz`)) as [string, string];
    for (const [i, path] of scans.entries()) await writeScan({ path, seed: 20 + i, modality: 'mr' });
    const fitted = join(folder, 'detector');
    expect((await segcanary(['fit', '-q', '-m', model, '-i', scans[0], '-o', fitted])).code).toBe(0);
    const ran = await segcanary(['segment', '-m', model, '-d', fitted, '-i', scans[1], '-o', join(folder, 'out')]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const [segmented] = jsonLines(ran) as [{ score: number; voxels: Record<string, number> }];
    expect(Object.keys(segmented.voxels)).toEqual(['0', '1', '2']);
    const [scored] = jsonLines(await segcanary(['score', '-d', fitted, '-i', scans[1]])) as [{ score: number }];
    expect(Math.abs(segmented.score / scored.score - 1)).toBeLessThan(1e-5);
    const unspooled = await segcanary(['score', '-d', fitted, '-i', scans[1], '--no-spool']);
    expect(unspooled.code).toBe(1);
    expect(jsonLines(unspooled)).toMatchObject([{ error: { message: expect.stringMatching(/without --no-spool/) } }]);
  });

  it.each(['multi-layer', 'knn'])('scores with a detector of another method (%s) as score does', async (method) => {
    const folder = fresh();
    const model = join(import.meta.dirname, '../fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres');
    const train = [0, 1, 2].map((i) => join(workshop, 'train', `train_${i}_0000.nii.gz`));
    const fitted = join(folder, 'detector');
    const fit = await segcanary(['fit', '-m', model, '--detector', method, '-i', ...train, '-o', fitted]);
    expect(fit.code).toBe(0);
    expect(fit.stdout.toString()).toMatch(new RegExp(`method +${method}: `));
    const calibrated = await segcanary(['calibrate', '-d', fitted, '-i', join(workshop, 'held-out')]);
    expect(calibrated.code).toBe(0);
    const ran = await segcanary(['segment', '-m', model, '-d', fitted, '-i', scan, '-o', join(folder, 'out')]);
    const [segmented] = jsonLines(ran) as [{ score: number; verdict: string }];
    const [scored] = jsonLines(await segcanary(['score', '-d', fitted, '-i', scan])) as [typeof segmented];
    expect(Math.abs(segmented.score - scored.score)).toBeLessThan(1e-4 * Math.max(1, Math.abs(scored.score)));
    expect(segmented.verdict).toBe(scored.verdict);
    expect((await segcanary(['inspect', fitted])).stdout.toString()).toContain(method);
  });

  it('says in one sentence what is wrong, before it begins', async () => {
    const output = join(fresh(), 'out');
    const cases: [string[], number, RegExp][] = [
      [['-i', scan, scan.replace('_2_', '_1_'), '-o', '-'], 2, /-o - takes one scan/],
      [['-i', scan, '-o', output, '--fail-on-ood'], 2, /-d/],
      [['-i', scan, '-o', output, '--folds', '0,3,0'], 2, /once/],
      [['-i', scan, '-o', output, '--folds', 'a'], 2, /whole number/],
      [['-i', scan, '-o', output, '-d', detector, '--step-size', '0.7'], 2, /0.5 of a patch/],
      [['-i', scan, '-o', output, '-d', join(workshop, 'nowhere')], 1, /nowhere/],
    ];
    for (const [args, code, message] of cases) {
      const ran = await segcanary(['segment', '-m', MODEL, ...args]);
      expect([ran.code, args], ran.stderr).toEqual([code, args]);
      expect(ran.stderr).toMatch(message);
      expect(
        ran.stderr
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith('(')).length,
      ).toBe(1);
    }
  });
});
