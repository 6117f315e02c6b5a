import { fitGaussian } from '../fit-gaussian.js';
import { squaredDistance } from '../gaussian.js';
import type { PatchMethod } from '../method.js';
import type { Tensor } from '../safetensors.js';
import { gaussianOf } from './gaussian-form.js';
import { cut, partsOf } from './parts.js';

/** Tensors: mean.i [c_i] and whitener.i [r_i,c_i] of every convolution i. */
export const frodo: PatchMethod = {
  name: 'frodo',
  title: 'Mahalanobis of every convolution',
  formula:
    'mean over the convolutions of the encoder of sqrt(D) / c, D the Mahalanobis distance of the c channel means of a convolution’s output',
  source: 'FRODO, Calli et al. 2022; the best in the benchmark MedicOOD.',
  features: 'convolution-means',
  async fit(blocks, context) {
    const parts = await partsOf(blocks());
    const tensors: Record<string, Tensor> = {};
    let n = 0;
    for (const [i, part] of parts.entries()) {
      const gaussian = await fitGaussian(() => cut(blocks(), part), context);
      n = gaussian.n;
      tensors[`mean.${i}`] = { shape: [gaussian.d], data: gaussian.mean };
      tensors[`whitener.${i}`] = { shape: [gaussian.r, gaussian.d], data: gaussian.whitener };
    }
    const d = parts.reduce((sum, [from, to]) => sum + to - from, 0);
    return { tensors, n, d, gaussian: null, warnings: [] };
  },
  open(tensors) {
    const count = Object.keys(tensors).filter((name) => name.startsWith('mean.')).length;
    const convolutions = Array.from({ length: count }, (_, i) => {
      const { [`mean.${i}`]: mean, [`whitener.${i}`]: whitener } = tensors;
      return gaussianOf({ ...(mean && { mean }), ...(whitener && { whitener }) });
    });
    if (count === 0) throw new Error('it lacks the tensor mean.0');
    return {
      features: 'convolution-means',
      d: convolutions.reduce((sum, { d }) => sum + d, 0),
      least: 0,
      distance(features) {
        let at = 0;
        let sum = 0;
        for (const gaussian of convolutions) {
          const own = features.subarray(at, at + gaussian.d);
          at += gaussian.d;
          sum += Math.sqrt(squaredDistance(gaussian, own)) / gaussian.d;
        }
        return sum / convolutions.length;
      },
    };
  },
};
