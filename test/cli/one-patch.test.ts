import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { writeNifti } from '../../src/formats/nifti/write.js';
import { jsonLines, segcanary } from '../support/cli.js';
import { onePatchNetwork, onePatchPlan } from '../support/one-patch.js';
import { writeScan } from '../support/scans.js';
import { voxelBytes } from '../support/voxel-bytes.js';

/** A network that takes every scan as one patch of one shape, by its plan file. */
describe('a network of one patch a scan', () => {
  const folder = mkdtempSync(join(inject('workshop'), 'one-patch-'));
  const [model, plan, detector] = ['model.onnx', 'plan.json', 'detector'].map((name) => join(folder, name));
  const scans = (split: string) => join(folder, split);

  beforeAll(async () => {
    writeFileSync(model, onePatchNetwork());
    writeFileSync(plan, JSON.stringify(onePatchPlan));
    const splits = { train: [1, 2, 3, 4, 5], held: [6, 7], test: [8] };
    for (const [split, seeds] of Object.entries(splits)) {
      mkdirSync(scans(split));
      for (const seed of seeds) {
        // No two of one shape.
        const shape = [12 + seed, 20, 24 - seed] as const;
        await writeScan({ path: join(scans(split), `scan${seed}.nii.gz`), shape, seed, modality: 'mr' });
      }
    }
  });

  it('is listed, fitted, calibrated, scored and described', async () => {
    const taps = await segcanary(['taps', model, '-p', plan, '--ndjson']);
    expect(jsonLines(taps)).toMatchObject([
      { name: 'a', shape: [3, 4, 4, 4] },
      { name: 'b', suggested: true },
    ]);
    const fitted = await segcanary(['fit', '-m', model, '-p', plan, '-i', scans('train'), '-o', detector]);
    expect(fitted.code, fitted.stderr).toBe(0);
    expect(fitted.stdout.toString()).toMatch(/patches N +5\n/);
    const calibrated = await segcanary(['calibrate', '-d', detector, '-i', scans('held')]);
    expect(calibrated.code, calibrated.stderr).toBe(0);
    const [score] = jsonLines(await segcanary(['score', '-d', detector, '-i', scans('test')]));
    expect(score).toMatchObject({ case: 'scan8', patches: 1, warnings: [] });
    expect(score.score as number).toBeGreaterThan(0);
    const inspected = await segcanary(['inspect', detector]);
    expect(inspected.stdout.toString()).toContain('one-patch, patch 8x8x8, every scan resized to 8x8x8');
  });

  it('segments on the grid of the scan, from the labels of the plan', async () => {
    const output = join(folder, 'out');
    const ran = await segcanary(['segment', '-m', model, '-p', plan, '-i', scans('test'), '-o', output]);
    expect(ran.code, ran.stderr).toBe(0);
    const labels = voxelBytes(readFileSync(join(output, 'scan8.nii.gz')));
    expect(labels).toHaveLength(20 * 20 * 16);
    // The body is bright and lies in the middle; its corners are air.
    const at = (z: number, y: number, x: number) => labels[(z * 20 + y) * 16 + x];
    expect([at(10, 10, 8), at(0, 0, 0), at(19, 19, 15), at(19, 0, 15)]).toEqual([1, 0, 0, 0]);
  });

  it('gives probabilities by one softmax, though the network ends in one', async () => {
    const output = join(folder, 'probabilities');
    const args = ['segment', '-m', model, '-p', plan, '-i', scans('test'), '-o', output, '--save-probabilities'];
    const ran = await segcanary(args);
    expect(ran.code, ran.stderr).toBe(0);
    const bytes = voxelBytes(readFileSync(join(output, 'scan8_probabilities.nii.gz')));
    const values = new Float32Array(Uint8Array.from(bytes).buffer);
    // Logits of -5 v and 5 v, v about 1 or -1: two softmaxes would give .73 at most.
    expect(values.reduce((a, b) => Math.max(a, b))).toBeGreaterThan(0.99);
  });

  it('refuses a scan in which the percentiles leave nothing', async () => {
    const speck = join(folder, 'speck.nii.gz');
    const slices = Array.from({ length: 20 }, (_, z) => new Int16Array(400).fill(z === 10 ? 7 : 0, 0, 1));
    await writeNifti(speck, { shape: [20, 20, 20], spacing: [1, 1, 1], dataType: 'int16', slices });
    const ran = await segcanary(['segment', '-m', model, '-p', plan, '-i', speck, '-o', join(folder, 'none')]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/speck.*: the percentiles 0\.5 and 99\.5 of channel "channel 0", .* are both 0: /);
  });
});
