import type { PatchMethod } from '../method.js';
import { principalOf } from './principal.js';

/** Tensors: mean [d], basis [k,d] (orthonormal rows). */
export const residual: PatchMethod = {
  name: 'residual',
  title: 'Residual',
  formula:
    '|z - mean|^2 - sum over the first k principal directions v of (v^T (z - mean))^2: what the training patches never did, k at most 64',
  source: 'Wang et al., CVPR 2022 (ViM); OpenMIBOOD 2025: AUROC 79.8.',
  features: 'pooled',
  async fit(blocks, context) {
    const { vectors, mean, n, d, k } = await principalOf(blocks, context);
    return {
      tensors: { mean: { shape: [d], data: mean }, basis: { shape: [k, d], data: vectors } },
      n,
      d,
      gaussian: null,
      warnings: [],
    };
  },
  open({ mean, basis }) {
    const [k, d] = basis?.shape ?? [];
    if (!mean || !basis || !k || !d || mean.data.length !== d) throw new Error('it lacks the tensor mean or basis');
    return {
      features: 'pooled',
      d,
      least: 0,
      distance(z) {
        const offset = mean.data.map((value, i) => z[i] - value);
        let rest = offset.reduce((sum, value) => sum + value * value, 0);
        for (let row = 0; row < k; row++) {
          let along = 0;
          for (let i = 0; i < d; i++) along += basis.data[row * d + i] * offset[i];
          rest -= along * along;
        }
        return Math.max(rest, 0);
      },
    };
  },
};
