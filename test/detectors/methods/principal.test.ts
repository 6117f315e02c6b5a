import { describe, expect, it } from 'vitest';
import type { FeatureBlock } from '../../../src/detectors/method.js';
import { patchMethod } from '../../../src/detectors/methods/registry.js';
import { plainBlas } from '../../../src/maths/linalg/blas.js';

interface Expected {
  n: number;
  d: number;
  parts?: number[];
  rows: number[];
  tests: number[][];
  distances: Record<string, number[]>;
}

const context = { estimator: 'ledoit-wolf', blas: plainBlas } as const;

/** Training rows in blocks of unequal size. */
function blocksOf({
  n,
  d,
  rows,
  parts,
}: Pick<Expected, 'n' | 'd' | 'rows' | 'parts'>): () => AsyncGenerator<FeatureBlock> {
  return async function* () {
    for (let from = 0, size = 1; from < n; from += size, size += 7) {
      const to = Math.min(n, from + size);
      yield { rows: Float32Array.from(rows.slice(from * d, to * d)), n: to - from, d, parts };
    }
  };
}

describe('a principal subspace', () => {
  it('of fewer patches than features is found, whatever lies beyond the rank', async () => {
    // 24 patches in 200 features, in large numbers, of rank 23.
    const rows = Array.from({ length: 24 * 200 }, (_, i) => 1000 + 300 * Math.sin(i * i + 1));
    for (const name of ['pca-mahalanobis', 'residual']) {
      const method = patchMethod(name)!;
      const scorer = method.open((await method.fit(blocksOf({ n: 24, d: 200, rows }), context)).tensors);
      expect(scorer.distance(Float32Array.from(rows.slice(0, 200)))).toBeGreaterThan(0);
    }
  });
});
