import type { Blas } from './blas.js';
import { cholesky } from './cholesky.js';
import { largestEigenvalue } from './condition.js';
import { product } from './product.js';
import { multiplySymmetric } from './symmetric.js';
import { invertLower } from './triangular.js';

/**
 * A matrix W [r,d] in C order whose square W'W is the (pseudo-)inverse of a covariance: |W (z -
 * mean)|^2 is the squared distance.
 */
export interface Whitening {
  readonly whitener: Float64Array;
  readonly r: number;
  /** Largest over smallest eigenvalue, those below the cutoff left out; within 10 %. */
  readonly conditionNumber: number;
}

/**
 * scipy's pinvh takes an eigenvalue for zero at max(lambda) d eps or below, and so does numpy's
 * matrix_rank.
 */
export function rankCutoff(largest: number, d: number): number {
  return largest * d * Number.EPSILON;
}

/**
 * W = inv(L), S = L L', lower triangular. Consumes the [d,d] covariance; null where it is not
 * positive definite.
 */
export async function choleskyWhitening(
  covariance: Float64Array,
  d: number,
  largest: number,
  blas: Blas,
): Promise<Whitening | null> {
  const { rank } = await cholesky(covariance, d, { blas });
  if (rank < d) return null;
  await invertLower(covariance, d, blas);
  return { whitener: covariance, r: d, conditionNumber: largest * largestOfInverse(covariance, d, d, true) };
}

/**
 * The pseudo-inverse of a rank-deficient [d,d] covariance from its pivoted Cholesky factor (lower
 * trapezoid of `factor`, rows in `order`): S = L L' with L [d,r] of full column rank, so pinv(S) =
 * L (L'L)^-2 L' and W = (L'L)^-1 L'. No eigendecomposition: [d,d] takes minutes at d = 3840.
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
    lower.set(factor.subarray(row * d, row * d + length), order[row] * rank);
  }
  const L = { data: lower, rows: d, columns: rank };
  const inverse = await inverseOfSquare(await product(blas, { ...L, transposed: true }, L), rank, blas);
  const half = { data: inverse, rows: rank, columns: rank };
  const inner = await product(blas, half, { ...L, transposed: true });
  const whitener = await product(blas, { ...half, transposed: true }, { data: inner, rows: rank, columns: d });
  return { whitener, r: rank, conditionNumber: largest * largestOfInverse(whitener, rank, d) };
}

/**
 * The pseudo-inverse of S = X'X / n for centred rows X [n,d], n <= d, through the [n,n] Gram
 * matrix: XX' = L L' pivoted, hence X = L Q with orthonormal rows Q = inv(L_11) X_pivots, and with
 * L'L = M M' the whitener is sqrt(n) inv(M) Q. Its rank comes with it. Reorders X.
 */
export async function gramWhitening(
  centred: Float64Array,
  n: number,
  d: number,
  blas: Blas,
): Promise<Whitening & { readonly rank: number }> {
  const X = { data: centred, rows: n, columns: d };
  let gram: Float64Array | null = await product(blas, X, { ...X, transposed: true });
  const largest = largestEigenvalue((x) => multiplySymmetric(gram!, n, x), n);
  const { rank, order } = await cholesky(gram, n, { blas, pivot: true, tolerance: rankCutoff(largest, d) });
  permuteRows(centred, d, order);
  for (let row = 0; row < n; row++) {
    gram.copyWithin(row * rank, row * n, row * n + rank); // [n,n] becomes [n,rank] where it lies
    if (row < rank) gram.fill(0, row * rank + row + 1, (row + 1) * rank);
  }
  const L = { data: gram, rows: n, columns: rank };
  let left: Float64Array | null = await inverseOfSquare(await product(blas, { ...L, transposed: true }, L), rank, blas);
  const right = gram.subarray(0, rank * rank);
  await invertLower(right, rank, blas);
  const square = { rows: rank, columns: rank };
  const both = await product(blas, { data: left, ...square }, { data: right, ...square });
  gram = left = null; // As large as the covariance where n is near d.
  const scale = Math.sqrt(n);
  for (let i = 0; i < both.length; i++) both[i] *= scale;
  const whitener = await product(blas, { data: both, ...square }, { data: centred, rows: rank, columns: d });
  return { whitener, r: rank, rank, conditionNumber: (largest / n) * largestOfInverse(whitener, rank, d) };
}

/** Row i becomes what row order[i] was, in place, along the cycles of the permutation. */
function permuteRows(rows: Float64Array, width: number, order: Int32Array): void {
  const done = new Uint8Array(order.length);
  for (let first = 0; first < order.length; first++) {
    if (done[first]) continue;
    const held = rows.slice(first * width, (first + 1) * width);
    let to = first;
    for (let from = order[to]; from !== first; from = order[to]) {
      rows.copyWithin(to * width, from * width, (from + 1) * width);
      done[to] = 1;
      to = from;
    }
    rows.set(held, to * width);
    done[to] = 1;
  }
}

/** inv(M) for the positive definite [n,n] M M'; consumes it. */
async function inverseOfSquare(matrix: Float64Array, n: number, blas: Blas): Promise<Float64Array> {
  await cholesky(matrix, n, { blas });
  await invertLower(matrix, n, blas);
  return matrix;
}

/**
 * 1 / the smallest eigenvalue kept, as the largest of W W': inverse iteration, the inverse being at
 * hand. Of a triangular W only the triangle is read.
 */
function largestOfInverse(whitener: Float64Array, r: number, d: number, triangular = false): number {
  return largestEigenvalue((x) => {
    const wide = new Float64Array(d);
    const y = new Float64Array(r);
    for (let row = 0; row < r; row++) {
      const factor = x[row];
      const length = triangular ? row + 1 : d;
      for (let i = 0, at = row * d; i < length; i++, at++) wide[i] += factor * whitener[at];
    }
    for (let row = 0; row < r; row++) {
      const length = triangular ? row + 1 : d;
      let sum = 0;
      for (let i = 0, at = row * d; i < length; i++, at++) sum += whitener[at] * wide[i];
      y[row] = sum;
    }
    return y;
  }, r);
}
