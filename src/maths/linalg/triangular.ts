import { type Blas, multiplyAhead, packTile, ranges } from './blas.js';

const BLOCK = 256;

/**
 * Replaces a lower triangular [n,n] by its inverse, in place, block row by block row: with W the
 * inverse of the rows above, W_i = -inv(L_ii) L_i W, and W_ii = inv(L_ii). What was above the
 * diagonal becomes 0.
 */
export async function invertLower(a: Float64Array, n: number, blas: Blas): Promise<void> {
  for (const rows of ranges(0, n, BLOCK)) {
    const [top, bottom] = rows;
    const height = bottom - top;
    const inverse = invertSmall(packTile(a, n, rows, rows), height);
    const minus = inverse.map((value) => -value);
    await multiplyAhead(
      ranges(0, top, BLOCK),
      async (columns) => {
        const [left, right] = columns;
        const inner = await blas.gemm(
          packTile(a, n, rows, [left, top]),
          packTile(a, n, [left, top], columns),
          height,
          top - left,
          right - left,
        );
        return blas.gemm(minus.slice(), inner, height, height, right - left);
      },
      ([left, right], product) => {
        for (let row = 0; row < height; row++) {
          a.set(product.subarray(row * (right - left), (row + 1) * (right - left)), (top + row) * n + left);
        }
      },
    );
    for (let row = 0; row < height; row++) {
      a.set(inverse.subarray(row * height, (row + 1) * height), (top + row) * n + top);
      a.fill(0, (top + row) * n + bottom, (top + row + 1) * n);
    }
  }
}

/** The inverse of a small lower triangular [n,n], by rows. */
function invertSmall(lower: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    const diagonal = lower[row * n + row];
    for (let k = 0; k < row; k++) {
      const factor = lower[row * n + k];
      for (let column = 0; column <= k; column++) {
        inverse[row * n + column] -= factor * inverse[k * n + column];
      }
    }
    for (let column = 0; column < row; column++) inverse[row * n + column] /= diagonal;
    inverse[row * n + row] = 1 / diagonal;
  }
  return inverse;
}
