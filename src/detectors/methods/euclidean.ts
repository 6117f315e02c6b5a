import type { PatchMethod } from '../method.js';
import { meanOf } from './mean-of.js';

/** Tensors: mean [d]. */
export const euclidean: PatchMethod = {
  name: 'euclidean',
  title: 'Euclidean',
  formula: '|z - mean|^2, z the pooled activation',
  source: 'Gonzalez et al., MICCAI 2021, Fig. 1b: what the covariance is needed for.',
  features: 'pooled',
  async fit(blocks) {
    const { mean, n } = await meanOf(blocks());
    return { tensors: { mean: { shape: [mean.length], data: mean } }, n, d: mean.length, gaussian: null, warnings: [] };
  },
  open({ mean }) {
    if (mean?.shape.length !== 1) throw new Error('it lacks the tensor mean');
    return {
      features: 'pooled',
      d: mean.data.length,
      least: 0,
      distance: (z) => mean.data.reduce((sum, value, i) => sum + (z[i] - value) ** 2, 0),
    };
  },
};
