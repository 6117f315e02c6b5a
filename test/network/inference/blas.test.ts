import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitGaussian } from '../../../src/detectors/fit-gaussian.js';
import { squaredDistance } from '../../../src/detectors/gaussian.js';
import { type Blas, plainBlas } from '../../../src/maths/linalg/blas.js';
import { openBlas } from '../../../src/network/inference/blas.js';
import { closeInference } from '../../../src/network/inference/session.js';
import { inBlocks } from '../../support/blocks.js';

let blas: Blas;
beforeAll(async () => {
  blas = await openBlas();
});
afterAll(closeInference);

function noise(length: number, seed = 1): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}

describe('openBlas', () => {
  it('multiplies literal matrices', async () => {
    const c = await blas.gemm(Float64Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(1, 0, 0, 1, 1, 1), 2, 3, 2);
    expect([...c]).toEqual([4, 5, 10, 11]);
  });

  it('multiplies as plain loops do, at every size and many at once', async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(size, size, size), { minLength: 1, maxLength: 4 }), async (shapes) => {
        const products = shapes.map(([m, k, n]) => blas.gemm(noise(m * k), noise(k * n, 7), m, k, n));
        for (const [i, [m, k, n]] of shapes.entries()) {
          const wanted = await plainBlas.gemm(noise(m * k), noise(k * n, 7), m, k, n);
          const got = await products[i];
          expect(got.length).toBe(m * n);
          got.forEach((value, at) => {
            expect(Math.abs(value - wanted[at])).toBeLessThan(1e-13 * k);
          });
        }
      }),
      { numRuns: 30 },
    );
  });

  // Sizes past a tile (960), a block of rows (512) and a panel: the blocked algorithms with inputs
  // that are really transferred away.
  it.each(['ledoit-wolf', 'empirical'] as const)('carries a whole fit (%s)', async (estimator) => {
    const [n, d] = [2100, 1000];
    const rows = noise(n * d, 3);
    const fit = await fitGaussian(inBlocks(rows, n, d, 300), { estimator, blas });
    expect(fit.rank).toBe(d);
    if (estimator === 'empirical') {
      let sum = 0;
      for (let row = 0; row < n; row += 1) sum += squaredDistance(fit, rows.subarray(row * d, (row + 1) * d));
      expect(sum / n / d).toBeCloseTo(1, 9); // trace(inv(S) S) = d
    }
  });

  it('carries a fit through the Gram matrix', async () => {
    const [n, d] = [300, 1000];
    const rows = noise(n * d, 3);
    const fit = await fitGaussian(inBlocks(rows, n, d, 45), { estimator: 'empirical', blas });
    expect(fit.rank).toBe(n - 1);
    for (let row = 0; row < n; row += 50) {
      expect(squaredDistance(fit, rows.subarray(row * d, (row + 1) * d))).toBeCloseTo(n - 1, 7);
    }
  });
});
