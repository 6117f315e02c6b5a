import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { voxelBytes } from '../support/voxel-bytes.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'segment-'));

describe('segcanary segment', () => {
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
    expect(voxelBytes(readFileSync(join(output, 'stdin.nii.gz'))).length).toBe(36 * 72 * 72);
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
    expect(
      (await segcanary(['fit', '-q', '-m', model, '--detector', 'mahalanobis', '-i', scans[0], '-o', fitted])).code,
    ).toBe(0);
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
});
