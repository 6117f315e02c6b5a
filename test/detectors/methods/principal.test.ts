import { describe, expect, it } from 'vitest';
import { patchMethod } from '../../../src/detectors/methods/registry.js';
import { plainBlas } from '../../../src/maths/linalg/blas.js';
import { rowBlocksOf } from '../../support/row-blocks.js';

const context = { estimator: 'ledoit-wolf', blas: plainBlas } as const;

describe('a principal subspace', () => {
  it('of fewer patches than features is found, whatever lies beyond the rank', async () => {
    // 24 patches in 200 features, in large numbers, of rank 23.
    const rows = Array.from({ length: 24 * 200 }, (_, i) => 1000 + 300 * Math.sin(i * i + 1));
    for (const name of ['pca-mahalanobis', 'residual']) {
      const method = patchMethod(name)!;
      const scorer = method.open((await method.fit(rowBlocksOf({ n: 24, d: 200, rows }), context)).tensors);
      expect(scorer.distance(Float32Array.from(rows.slice(0, 200)))).toBeGreaterThan(0);
    }
  });
});
