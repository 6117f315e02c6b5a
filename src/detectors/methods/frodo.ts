import { squaredDistance } from '../gaussian.js';
import type { PatchMethod } from '../method.js';
import { fitParts, openParts } from './part-gaussians.js';

/** Tensors: mean.i [c_i] and whitener.i [r_i,c_i] of every convolution i. */
export const frodo: PatchMethod = {
  name: 'frodo',
  title: 'Mahalanobis of every convolution',
  formula:
    'mean over the convolutions of the encoder of sqrt(D) / c, D the Mahalanobis distance of the c channel means of a convolution’s output',
  source: 'FRODO, Calli et al. 2022; the best in the benchmark MedicOOD.',
  features: 'convolution-means',
  async fit(blocks, context) {
    const { tensors, n, d } = await fitParts(blocks, context);
    return { tensors, n, d, gaussian: null, warnings: [] };
  },
  open(tensors) {
    const count = Object.keys(tensors).filter((name) => name.startsWith('mean.')).length;
    const convolutions = openParts(tensors, count);
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
