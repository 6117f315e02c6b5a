import type { PatchMethod } from '../method.js';
import { meanOf } from './mean-of.js';

/** Tensors: mean [d], deviation [d] (divisor n). */
export const diagonal: PatchMethod = {
  name: 'diagonal',
  title: 'Diagonal Mahalanobis',
  formula:
    'sum over features of (z - mean)^2 / variance: Mahalanobis without the correlations; a feature that never varied is left out',
  source: 'Between Fig. 1b’s two circles: Euclidean distance of standardised features (scikit-learn StandardScaler).',
  features: 'pooled',
  async fit(blocks) {
    const { mean, n } = await meanOf(blocks());
    const d = mean.length;
    const squares = new Float64Array(d);
    for await (const { rows } of blocks())
      for (let at = 0; at < rows.length; at++) squares[at % d] += (rows[at] - mean[at % d]) ** 2;
    const deviation = squares.map((sum) => Math.sqrt(sum / n));
    return {
      tensors: { mean: { shape: [d], data: mean }, deviation: { shape: [d], data: deviation } },
      n,
      d,
      gaussian: null,
      warnings: [],
    };
  },
  open({ mean, deviation }) {
    if (!mean || mean.data.length !== deviation?.data.length) throw new Error('it lacks the tensor mean or deviation');
    const scale = deviation.data.map((s) => (s > 0 ? 1 / s : 0));
    return {
      features: 'pooled',
      d: mean.data.length,
      least: 0,
      distance: (z) => mean.data.reduce((sum, value, i) => sum + ((z[i] - value) * scale[i]) ** 2, 0),
    };
  },
};
