import { describe, expect, it } from 'vitest';
import { plainBlas } from '../../../src/maths/linalg/blas.js';
import { cholesky } from '../../../src/maths/linalg/cholesky.js';
import { largestEigenvalue } from '../../../src/maths/linalg/condition.js';
import { product } from '../../../src/maths/linalg/product.js';
import { multiplySymmetric } from '../../../src/maths/linalg/symmetric.js';

/** B B' for a pseudo-random B [n,r]. */
async function semidefinite(n: number, r: number): Promise<Float64Array> {
  let state = 1;
  const data = Float64Array.from({ length: n * r }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
  const B = { data, rows: n, columns: r };
  return product(plainBlas, B, { ...B, transposed: true });
}

/**
 * Largest |A[order][:, order] - L L'| over the largest element, L being the first `rank` columns of
 * the lower triangle.
 */
function residual(a: Float64Array, factor: Float64Array, order: Int32Array, rank: number): number {
  const n = order.length;
  let worst = 0;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = 0;
      for (let k = 0; k < Math.min(column + 1, rank); k++) sum += factor[row * n + k] * factor[column * n + k];
      worst = Math.max(worst, Math.abs(a[order[row] * n + order[column]] - sum));
    }
  }
  return worst / a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

describe('cholesky', () => {
  it('of a literal matrix', async () => {
    const a = Float64Array.of(4, 0, 0, 12, 37, 0, -16, -43, 98);
    const { rank } = await cholesky(a, 3, { blas: plainBlas });
    expect(rank).toBe(3);
    expect([a[0], a[3], a[4], a[6], a[7], a[8]]).toEqual([2, 6, 1, -8, 5, 3]);
  });

  // Sizes on both sides of a panel (128) and a strip (512).
  it.each([5, 128, 129, 300, 700])('of order %i multiplies back', async (n) => {
    const a = await semidefinite(n, n + 20);
    const factor = a.slice();
    const { rank, order } = await cholesky(factor, n, { blas: plainBlas });
    expect(rank).toBe(n);
    expect(residual(a, factor, order, n)).toBeLessThan(1e-13);
  });

  it.each([
    [40, 7],
    [300, 128],
    [300, 200],
    [600, 500],
  ])('with pivoting finds that order %i has rank %i', async (n, r) => {
    const a = await semidefinite(n, r);
    const factor = a.slice();
    const largest = largestEigenvalue((x) => multiplySymmetric(a, n, x), n);
    const { rank, order } = await cholesky(factor, n, {
      blas: plainBlas,
      pivot: true,
      tolerance: largest * n * Number.EPSILON,
    });
    expect(rank).toBe(r);
    expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(residual(a, factor, order, rank)).toBeLessThan(1e-12);
    // The fit counts on what lies above the diagonal.
    const above = (matrix: Float64Array) => matrix.filter((_, i) => i % n > Math.floor(i / n));
    expect(above(factor)).toEqual(above(a));
  });

  it('stops at a matrix that is not positive definite', async () => {
    expect((await cholesky(Float64Array.of(1, 0, 2, 1), 2, { blas: plainBlas })).rank).toBe(1);
  });
});
