import { squaredDistance } from '../gaussian.js';
import type { PatchMethod } from '../method.js';
import { fitParts, openParts } from './part-gaussians.js';
import { cut } from './parts.js';

/**
 * Tensors: mean.i [c_i] and whitener.i [r_i,c_i] of every stage i, scale [stages,2]: mean and
 * deviation of the training patches' distances there.
 */
export const multiLayer: PatchMethod = {
  name: 'multi-layer',
  title: 'Mahalanobis of every stage',
  formula:
    'sum over the stages of the encoder of (D - mean D) / deviation of D, D the Mahalanobis distance of the stage’s channel means, mean and deviation over the training patches. May be negative',
  source: 'Lambert et al. 2023, Anthony and Kamnitsas 2023: no single layer is best for every shift.',
  features: 'stage-means',
  async fit(blocks, context) {
    const { each, tensors, n, d } = await fitParts(blocks, context);
    const scale = new Float64Array(2 * each.length);
    for (const [i, { part, gaussian }] of each.entries()) {
      // Two passes: distances are large numbers of little spread.
      let mean = 0;
      for await (const { rows, d } of cut(blocks(), part))
        for (let at = 0; at < rows.length; at += d) mean += squaredDistance(gaussian, rows.subarray(at, at + d)) / n;
      let squares = 0;
      for await (const { rows, d } of cut(blocks(), part))
        for (let at = 0; at < rows.length; at += d)
          squares += (squaredDistance(gaussian, rows.subarray(at, at + d)) - mean) ** 2;
      scale.set([mean, Math.max(Math.sqrt(squares / n), 1e-12)], 2 * i);
    }
    return {
      tensors: { ...tensors, scale: { shape: [each.length, 2], data: scale } },
      n,
      d,
      gaussian: null,
      warnings: [],
    };
  },
  open(tensors) {
    const { scale } = tensors;
    if (scale?.shape.length !== 2 || scale.shape[1] !== 2) throw new Error('it lacks the tensor scale');
    const stages = openParts(tensors, scale.shape[0]);
    const training = stages.map((_, i) => ({ mean: scale.data[2 * i], deviation: scale.data[2 * i + 1] }));
    const distances = (features: Float32Array) => {
      let at = 0;
      return Float64Array.from(stages, (gaussian) => {
        at += gaussian.d;
        return squaredDistance(gaussian, features.subarray(at - gaussian.d, at));
      });
    };
    return {
      features: 'stage-means',
      d: stages.reduce((sum, { d }) => sum + d, 0),
      least: -Number.POSITIVE_INFINITY,
      distance: (features) =>
        distances(features).reduce(
          (sum, distance, i) => sum + (distance - training[i].mean) / training[i].deviation,
          0,
        ),
      encoderStages: { widths: stages.map(({ d }) => d), training, distances },
    };
  },
};
