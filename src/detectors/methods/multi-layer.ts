import { fitGaussian } from '../fit-gaussian.js';
import { squaredDistance } from '../gaussian.js';
import type { PatchMethod } from '../method.js';
import type { Tensor } from '../safetensors.js';
import { gaussianOf } from './gaussian-form.js';
import { cut, partsOf } from './parts.js';

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
    const parts = await partsOf(blocks());
    const tensors: Record<string, Tensor> = {};
    const scale = new Float64Array(2 * parts.length);
    let n = 0;
    for (const [i, part] of parts.entries()) {
      const gaussian = await fitGaussian(() => cut(blocks(), part), context);
      n = gaussian.n;
      tensors[`mean.${i}`] = { shape: [gaussian.d], data: gaussian.mean };
      tensors[`whitener.${i}`] = { shape: [gaussian.r, gaussian.d], data: gaussian.whitener };
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
    tensors.scale = { shape: [parts.length, 2], data: scale };
    const d = parts.reduce((sum, [from, to]) => sum + to - from, 0);
    return { tensors, n, d, gaussian: null, warnings: [] };
  },
  open(tensors) {
    const { scale } = tensors;
    if (scale?.shape.length !== 2 || scale.shape[1] !== 2) throw new Error('it lacks the tensor scale');
    const stages = Array.from({ length: scale.shape[0] }, (_, i) => {
      const { [`mean.${i}`]: mean, [`whitener.${i}`]: whitener } = tensors;
      return gaussianOf({ ...(mean && { mean }), ...(whitener && { whitener }) });
    });
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
