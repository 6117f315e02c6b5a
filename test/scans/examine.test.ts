import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OUTPUT_METHODS } from '../../src/detectors/outputs/registry.js';
import { openScan } from '../../src/formats/open.js';
import { openSegmentationModel } from '../../src/network/folder.js';
import { closeInference } from '../../src/network/inference/session.js';
import { parseModel } from '../../src/network/onnx/parse.js';
import { openSampler } from '../../src/network/sampler.js';
import { suggestTap } from '../../src/network/taps.js';
import { examineScan } from '../../src/scans/examine.js';
import { temporaryFolder } from '../support/folder.js';
import { writeScan } from '../support/scans.js';

afterAll(closeInference);

/** numpy, and nnunetv2's aggregation: test/oracle/outputs.py. */
const { network } = JSON.parse(readFileSync(new URL('../fixtures/outputs.json', import.meta.url), 'utf8')) as {
  network: { shape: [number, number, number]; scores: Record<string, number> };
};

describe('examineScan', () => {
  const folder = join(import.meta.dirname, '../fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres');

  /** Examines the oracle's scan; the truth is a file of its own, or none. */
  async function examine(options: Parameters<typeof openSampler>[2] = {}, truth?: string) {
    const model = await openSegmentationModel(folder);
    const [{ onnx, path: name }] = model.folds as [(typeof model.folds)[0]];
    const tap = suggestTap(parseModel(onnx, name).graph)!;
    const sampler = await openSampler([{ name, onnx, tap }], model.segmentation.heads, options);
    const path = join(await temporaryFolder(), 'scan.nii.gz');
    await writeScan({ path, seed: 7, shape: [40, 90, 84] });
    return examineScan(await openScan(path), {
      case: 'scan',
      plan: model.plan,
      segmentation: model.segmentation,
      sampler,
      outputs: OUTPUT_METHODS,
      truth: truth ? { file: truth, bytes: await openScan(truth) } : undefined,
    });
  }

  it('reads of a real network what numpy reads of the logits that nnU-Net aggregates', async () => {
    const found = await examine();
    expect(Object.keys(found.outputs).sort()).toEqual(Object.keys(network.scores).sort());
    for (const [name, score] of Object.entries(network.scores))
      expect(Math.abs(found.outputs[name].mean! / score - 1)).toBeLessThan(1e-5);
    for (const weights of Object.values(found.weights)) {
      expect(weights.length).toBe(found.patches);
      expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
    }
    // The network is sure inside what it finds, and less so at its boundary.
    const { mean, foreground, interior } = found.outputs['max-softmax'] as Record<string, number>;
    expect(interior).toBeLessThan(foreground!);
    expect(new Set([mean, foreground, interior]).size).toBe(3);
    expect([found.rows.length, found.means.length]).toEqual([found.patches * found.d, found.patches * found.c]);
    expect(found.dice).toBeNull();
  });

  it('keeps passes apart: the plain ones as before, others by their sets, dropout by its seed', async () => {
    const plain = await examine();
    const options = { mirrorAxes: [1, 2], dropout: 3, seed: 5 };
    const several = await examine(options);
    for (const [name, score] of Object.entries(plain.outputs))
      expect(several.outputs[name].mean).toBeCloseTo(score.mean!, 6);
    const more = ['mc-dropout', 'pairwise-dice-dropout', 'pairwise-dice-mirrors'];
    for (const name of more) {
      expect(several.outputs[name].mean).toBeGreaterThan(0);
      expect(several.outputs[name].mean).toBeLessThan(1);
    }
    expect((await examine(options)).outputs).toEqual(several.outputs);
    const { 'mc-dropout': dropped, ...rest } = (await examine({ ...options, seed: 6 })).outputs;
    expect(dropped).not.toEqual(several.outputs['mc-dropout']);
    expect(rest['pairwise-dice-mirrors']).toEqual(several.outputs['pairwise-dice-mirrors']);
  });

  it('refuses a truth of another shape', async () => {
    const path = join(await temporaryFolder(), 'truth.nii.gz');
    await writeScan({ path, seed: 1, shape: [40, 90, 80] });
    await expect(examine({}, path)).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: expect.stringMatching(/80 x 90 x 40 voxels than its scan scan \(84 x 90 x 40\)/),
    });
  });
});
