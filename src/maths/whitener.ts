import type { Blas } from './blas.js';
import { cholesky } from './cholesky.js';
import { largestEigenvalue } from './condition.js';
import { product } from './product.js';
import { multiplySymmetric } from './symmetric.js';
import { invertLower } from './triangular.js';

/** A matrix W [r,d] in C order whose square W'W is the (pseudo-)inverse of a covariance: |W (z - mean)|^2 is the squared distance. */
export interface Whitening {
  readonly whitener: Float64Array;
  readonly r: number;
  /** Largest over smallest eigenvalue, those below the cutoff left out; within 10 %. */
  readonly conditionNumber: number;
}

/** scipy's pinvh takes an eigenvalue for zero at max(lambda) d eps or below, and so does numpy's matrix_rank. */
export function rankCutoff(largest: number, d: number): number {
  return largest * d * Number.EPSILON;
}

/** W = inv(L), S = L L', lower triangular. Consumes the [d,d] covariance; null where it is not positive definite. */
export async function choleskyWhitening(
  covariance: Float64Array,
  d: number,
  largest: number,
  blas: Blas,
): Promise<Whitening | null> {
  const { rank } = await cholesky(covariance, d, { blas });
  if (rank < d) return null;
  await invertLower(covariance, d, blas);
  return { whitener: covariance, r: d, conditionNumber: largest * largestOfInverse(covariance, d, d) };
}

/**
 * The pseudo-inverse of a rank-deficient [d,d] covariance from its pivoted Cholesky factor (lower trapezoid of `factor`, rows in `order`):
 * S = L L' with L [d,r] of full column rank, so pinv(S) = L (L'L)^-2 L' and W = (L'L)^-1 L'. No eigendecomposition: [d,d] takes
 * minutes at d = 3840.
 */
export async function pseudoInverseWhitening(
  factor: Float64Array,
  order: Int32Array,
  rank: number,
  d: number,
  largest: number,
  blas: Blas,
): Promise<Whitening> {
  const lower = new Float64Array(d * rank);
  for (let row = 0; row < d; row++) {
    const length = Math.min(row + 1, rank);
    lower.set(factor.subarray(row * d, row * d + length), order[row]! * rank);
  }
  const L = { data: lower, rows: d, columns: rank };
  const inverse = await inverseOfSquare(await product(blas, { ...L, transposed: true }, L), rank, blas);
  const half = { data: inverse, rows: rank, columns: rank };
  const inner = await product(blas, half, { ...L, transposed: true });
  const whitener = await product(blas, { ...half, transposed: true }, { data: inner, rows: rank, columns: d });
  return { whitener, r: rank, conditionNumber: largest * largestOfInverse(whitener, rank, d) };
}

/**
 * The pseudo-inverse of S = X'X / n for centred rows X [n,d], n <= d, through the [n,n] Gram matrix: XX' = L L' pivoted, hence X = L Q with
 * orthonormal rows Q = inv(L_11) X_pivots, and with L'L = M M' the whitener is sqrt(n) inv(M) Q. Its rank comes with it.
 */
export async function gramWhitening(
  centred: Float64Array,
  n: number,
  d: number,
  blas: Blas,
): Promise<Whitening & { readonly rank: number }> {
  const X = { data: centred, rows: n, columns: d };
  const gram = await product(blas, X, { ...X, transposed: true });
  const largest = largestEigenvalue((x) => multiplySymmetric(gram, n, x), n);
  const { rank, order } = await cholesky(gram, n, { blas, pivot: true, tolerance: rankCutoff(largest, d) });
  const lower = new Float64Array(n * rank);
  const pivots = new Float64Array(rank * d);
  for (let row = 0; row < n; row++) {
    lower.set(gram.subarray(row * n, row * n + Math.min(row + 1, rank)), row * rank);
    if (row < rank) pivots.set(centred.subarray(order[row]! * d, (order[row]! + 1) * d), row * d);
  }
  const L = { data: lower, rows: n, columns: rank };
  const left = await inverseOfSquare(await product(blas, { ...L, transposed: true }, L), rank, blas);
  const right = lower.slice(0, rank * rank);
  await invertLower(right, rank, blas);
  const square = { rows: rank, columns: rank };
  const both = await product(blas, { data: left, ...square }, { data: right, ...square });
  const whitener = await product(blas, { data: both, ...square }, { data: pivots, rows: rank, columns: d });
  const scale = Math.sqrt(n);
  for (let i = 0; i < whitener.length; i++) whitener[i]! *= scale;
  return { whitener, r: rank, rank, conditionNumber: (largest / n) * largestOfInverse(whitener, rank, d) };
}

/** inv(M) for the positive definite [n,n] M M'; consumes it. */
async function inverseOfSquare(matrix: Float64Array, n: number, blas: Blas): Promise<Float64Array> {
  await cholesky(matrix, n, { blas });
  await invertLower(matrix, n, blas);
  return matrix;
}

/** 1 / the smallest eigenvalue kept, as the largest of W W': inverse iteration, the inverse being at hand. */
function largestOfInverse(whitener: Float64Array, r: number, d: number): number {
  return largestEigenvalue((x) => {
    const wide = new Float64Array(d);
    for (let row = 0; row < r; row++) {
      const factor = x[row]!;
      for (let i = 0; i < d; i++) wide[i]! += factor * whitener[row * d + i]!;
    }
    const y = new Float64Array(r);
    for (let row = 0; row < r; row++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += whitener[row * d + i]! * wide[i]!;
      y[row] = sum;
    }
    return y;
  }, r);
}
