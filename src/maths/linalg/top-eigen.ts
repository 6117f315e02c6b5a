import { CholeskyDecomposition, EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Blas } from './blas.js';
import { product } from './product.js';

/** The largest eigenvalues of a symmetric matrix and their vectors. */
export interface TopEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** [k,d] in C order: one vector a row, of length 1. */
  readonly vectors: Float64Array;
}

/** Residual |A v - l v| of every pair, relative to the largest eigenvalue. */
const TOLERANCE = 1e-9;
/**
 * What has not converged by then are directions of all but equal variance, of which one is as good
 * as another.
 */
const MOST_ROUNDS = 120;

/**
 * The k largest eigenpairs of a symmetric positive semi-definite [d,d], by subspace iteration with
 * Rayleigh-Ritz (Golub & Van Loan, Matrix Computations, sec. 8.2.4) on a few more vectors than
 * asked for. The matrix itself is never decomposed. Seeded: the same matrix gives the same pairs.
 */
export async function topEigen(matrix: Float64Array, d: number, k: number, blas: Blas): Promise<TopEigen> {
  const b = Math.min(d, k + Math.max(16, Math.ceil(k / 2)));
  const random = xoroshiro128plus(1);
  const square = { data: matrix, rows: d, columns: d };
  let basis = await orthonormal(
    Float64Array.from({ length: d * b }, () => uniformFloat64(random) - 0.5),
    d,
    b,
    blas,
  );
  for (let round = 1; ; round++) {
    const image = await product(blas, square, { data: basis, rows: d, columns: b });
    const small = await product(
      blas,
      { data: basis, rows: d, columns: b, transposed: true },
      { data: image, rows: d, columns: b },
    );
    const ritz = new EigenvalueDecomposition(new Matrix(rowsOf(small, b)), { assumeSymmetric: true });
    // ml-matrix gives them in ascending order.
    const values = Float64Array.from(ritz.realEigenvalues.toReversed());
    const rotation = Float64Array.from({ length: b * b }, (_, i) =>
      ritz.eigenvectorMatrix.get(Math.floor(i / b), b - 1 - (i % b)),
    );
    const turn = { data: rotation, rows: b, columns: b };
    const vectors = await product(blas, { data: basis, rows: d, columns: b }, turn);
    const images = await product(blas, { data: image, rows: d, columns: b }, turn);
    if (round === MOST_ROUNDS || residual(images, vectors, values, d, b, k) <= TOLERANCE * values[0]) {
      const rows = new Float64Array(k * d);
      for (let i = 0; i < d; i++) for (let j = 0; j < k; j++) rows[j * d + i] = vectors[i * b + j];
      return { values: values.slice(0, k), vectors: rows };
    }
    // Divided by their eigenvalues the images are all but orthonormal, so that one Cholesky factor
    // makes them so. Where the matrix maps to nothing but rounding, beyond its rank, the vectors
    // stay.
    const floor = 1e-12 * values[0];
    for (let i = 0; i < d * b; i++) {
      const value = values[i % b];
      images[i] = value > floor ? images[i] / value : vectors[i];
    }
    basis = await orthonormal(images, d, b, blas);
  }
}

function residual(images: Float64Array, vectors: Float64Array, values: Float64Array, d: number, b: number, k: number) {
  let worst = 0;
  for (let j = 0; j < k; j++) {
    let squares = 0;
    for (let i = 0; i < d; i++) squares += (images[i * b + j] - values[j] * vectors[i * b + j]) ** 2;
    worst = Math.max(worst, Math.sqrt(squares));
  }
  return worst;
}

/** Orthonormal columns with the same span, by Cholesky QR done twice. */
async function orthonormal(columns: Float64Array, d: number, b: number, blas: Blas): Promise<Float64Array> {
  let out = columns;
  for (let time = 0; time < 2; time++) {
    const operand = { data: out, rows: d, columns: b };
    const square = new Matrix(rowsOf(await product(blas, { ...operand, transposed: true }, operand), b));
    // A BLAS may round the two triangles differently.
    const gram = Matrix.add(square, square.transpose()).mul(0.5);
    let factor = new CholeskyDecomposition(gram);
    if (!factor.isPositiveDefinite()) {
      const lift = (1e-12 * gram.trace()) / b;
      factor = new CholeskyDecomposition(Matrix.add(gram, Matrix.eye(b).mul(lift)));
    }
    const triangular = Float64Array.from(inverse(factor.lowerTriangularMatrix).transpose().to1DArray());
    out = await product(blas, operand, { data: triangular, rows: b, columns: b });
  }
  return out;
}

const rowsOf = (matrix: Float64Array, width: number): number[][] =>
  Array.from({ length: matrix.length / width }, (_, i) => [...matrix.subarray(i * width, (i + 1) * width)]);
