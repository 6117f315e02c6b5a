import { SegcanaryError } from '../../errors.js';
import type { PatchMethod } from '../method.js';
import { l2Normalise } from './l2-normalise.js';

/** Which neighbour; the last one where there are fewer. */
const K = 10;

/** Tensors: rows [n,c], the training patches themselves, l2-normalised. */
export const knn: PatchMethod = {
  name: 'knn',
  title: 'Nearest neighbours',
  formula: `squared distance of z / |z| to its ${K}th nearest training patch, z the mean of every channel`,
  source:
    'Sun et al., ICML 2022; Woodland et al. 2024: better than Mahalanobis on pooled features of a liver segmentation network.',
  features: 'channel-means',
  async fit(blocks) {
    const rows: Float32Array[] = [];
    let d = 0;
    for await (const block of blocks()) {
      if (block.n > 0) d ||= block.d;
      for (let i = 0; i < block.n; i++)
        rows.push(l2Normalise(Float32Array.from(block.rows.subarray(i * block.d, (i + 1) * block.d))));
    }
    const n = rows.length;
    if (n < 2)
      throw new SegcanaryError(
        'fit-failed',
        `A fit needs at least 2 training patches, there ${n === 1 ? 'is 1' : 'are none'}; give more scans.`,
      );
    const data = new Float64Array(n * d);
    rows.forEach((row, i) => {
      data.set(row, i * d);
    });
    return { tensors: { rows: { shape: [n, d], data } }, n, d, gaussian: null, warnings: [] };
  },
  open({ rows }) {
    const [n, d] = rows?.shape ?? [];
    if (!rows || !n || !d || rows.shape.length !== 2) throw new Error('it lacks the tensor rows');
    const { data } = rows;
    return {
      features: 'channel-means',
      d,
      least: 0,
      distance(features) {
        const z = l2Normalise(features);
        const distances = new Float64Array(n);
        for (let i = 0, at = 0; i < n; i++) {
          let sum = 0;
          for (let c = 0; c < d; c++, at++) sum += (z[c] - data[at]) ** 2;
          distances[i] = sum;
        }
        return distances.sort()[Math.min(K, n) - 1];
      },
    };
  },
};
