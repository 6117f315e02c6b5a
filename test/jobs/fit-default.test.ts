import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDetector } from '../../src/detectors/opened.js';
import { loadFeatureDetector } from '../../src/detectors/saved.js';
import { calibrateDetector } from '../../src/jobs/calibrate.js';
import { fitDetector } from '../../src/jobs/fit.js';
import { scoreScans } from '../../src/jobs/score.js';
import { closeInference } from '../../src/network/inference/session.js';
import type { SubjectScore } from '../../src/results.js';
import { temporaryFolder } from '../support/folder.js';
import { expectedModels, modelFile } from '../support/models.js';
import { ct, planOf } from '../support/plans.js';
import { writeNoise, writeScan } from '../support/scans.js';

afterAll(closeInference);

/** Small scans of one patch or few. */
async function scansIn(folder: string, count: number, first: number, shape: readonly [number, number, number]) {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const name = `scan-${first + i}`;
      return { case: name, file: await writeScan({ path: join(folder, `${name}.nii`), seed: first + i, shape }) };
    }),
  );
}

describe('the default detector', () => {
  // Instance norm, residual blocks, group norm, no norm at all, and residual units of MONAI.
  const networks = ['plain-17-dynamic', 'resenc-17', 'unet-groupnorm', 'unet-trilinear', 'monai'];

  it.each(networks)('%s: needs no option, one patch a scan will do, and noise is far', async (name) => {
    const { patch } = expectedModels.find((model) => model.name === name)!;
    const [channels, ...size] = patch as [number, number, number, number];
    const folder = await temporaryFolder();
    const channel = { ...ct, intensity: { mean: -500, std: 400, percentile005: -1000, percentile995: 300 } };
    const plan = planOf({
      patchSize: size as [number, number, number],
      spacing: [5, 2.85, 2.85],
      cropToNonzero: false,
      channels: Array.from({ length: channels }, () => channel),
    });
    const inputs = await scansIn(folder, 6, 0, size as [number, number, number]);
    const model = { path: name, onnx: modelFile(name), plan };
    const output = join(folder, 'detector');
    const { fit, method } = await fitDetector({ model, inputs, output, cache: join(folder, 'cache') });
    expect([method.name, fit.n]).toEqual(['multi-depth', 6]);
    // Far fewer patches than features.
    expect(fit.d).toBeGreaterThan(2 * fit.n);

    const open = async () => openDetector(await loadFeatureDetector(output));
    const heldOut = await scansIn(folder, 4, 100, size as [number, number, number]);
    await calibrateDetector({ detector: await open(), inputs: heldOut });
    const noise = await writeNoise({
      path: join(folder, 'noise.nii'),
      seed: 1,
      shape: size as [number, number, number],
    });
    const scores: SubjectScore[] = [];
    const scored = scoreScans({
      detector: await open(),
      inputs: [...heldOut, { case: 'noise', file: noise }],
      explain: true,
    });
    for await (const result of scored) scores.push(result as SubjectScore);
    expect(scores.map(({ score }) => Number.isFinite(score))).toEqual(scores.map(() => true));
    const { score, verdict, explanation } = scores.at(-1)!;
    expect(verdict).toBe('out-of-distribution');
    const stages = explanation!.groups!.filter(({ name: group }) => group.startsWith('stage-'));
    expect(stages.length).toBeGreaterThan(1);
    expect(stages.every(({ moved }) => moved?.length === 3)).toBe(true);
    expect(explanation!.groups!.at(-1)).toMatchObject({ name: 'intensities' });
    expect(score).toBeGreaterThan(scores[0].score);
  });

  it('says what to do with a network without stages, and beside a tap', async () => {
    const folder = await temporaryFolder();
    const inputs = await scansIn(folder, 3, 0, [8, 16, 16]);
    const shared = { inputs, output: join(folder, 'detector'), cache: join(folder, 'cache') };
    const plan = planOf({ patchSize: [8, 16, 16], channels: [ct] });
    await expect(
      fitDetector({ ...shared, model: { path: 'flat', onnx: modelFile('flat'), plan } }),
    ).rejects.toMatchObject({ code: 'no-bottleneck' });
    await expect(
      fitDetector({ ...shared, tap: 'x', model: { path: 'plain', onnx: modelFile('plain-17-fixed'), plan } }),
    ).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('name a detector on a tap') });
  });
});
