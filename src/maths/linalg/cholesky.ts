import { type Blas, multiplyAhead, packTile, packTransposed, ranges } from './blas.js';

/** Columns factored before the rest of the matrix is updated with one product a strip. */
const PANEL = 128;
/** Rows of a strip of that update. */
const STRIP = 512;

export interface Factor {
  /** Columns factored; below the order of the matrix where a pivot fell to `tolerance`. */
  readonly rank: number;
  /** Row i of the factor belongs to row order[i] of the matrix. 0, 1, 2, … without pivoting. */
  readonly order: Int32Array;
}

export interface CholeskyOptions {
  readonly blas: Blas;
  /**
   * Take the largest remaining diagonal element next: the number of pivots above `tolerance` is
   * then the numerical rank.
   * @default false
   */
  readonly pivot?: boolean;
  /** A pivot (squared) at or below this ends the factoring. @default 0 */
  readonly tolerance?: number;
}

/**
 * Blocked Cholesky, in place and right-looking, as LAPACK's dpotrf and (with `pivot`) dpstrf:
 * A[order][:, order] = L L'. Only the lower triangle of the symmetric [n,n] is read and written;
 * columns 0 to rank-1 of it become L, and what it holds right of column rank-1 is without meaning
 * afterwards. Above the diagonal the matrix stays as it was.
 */
export async function cholesky(a: Float64Array, n: number, options: CholeskyOptions): Promise<Factor> {
  const { blas, pivot = false, tolerance = 0 } = options;
  const order = Int32Array.from({ length: n }, (_, i) => i);
  // Sum of squares of what this panel has already put into each row.
  const known = new Float64Array(n);
  for (const [start, stop] of ranges(0, n, PANEL)) {
    known.fill(0);
    for (let column = start; column < stop; column++) {
      if (pivot) {
        const best = largestRemaining(a, n, known, column);
        if (best !== column) swap(a, n, column, best, known, order);
      }
      const squared = a[column * n + column] - known[column];
      if (!(squared > tolerance)) return { rank: column, order };
      factorColumn(a, n, start, column, Math.sqrt(squared), known);
    }
    await updateRest(a, n, start, stop, blas);
  }
  return { rank: n, order };
}

function largestRemaining(a: Float64Array, n: number, known: Float64Array, column: number): number {
  let best = column;
  let largest = Number.NEGATIVE_INFINITY;
  for (let row = column; row < n; row++) {
    const rest = a[row * n + row] - known[row];
    if (rest > largest) {
      largest = rest;
      best = row;
    }
  }
  return best;
}

/** Exchanges rows and columns i < j of the symmetric matrix that the lower triangle stands for. */
function swap(a: Float64Array, n: number, i: number, j: number, known: Float64Array, order: Int32Array): void {
  const exchange = (first: number, second: number): void => {
    const held = a[first];
    a[first] = a[second];
    a[second] = held;
  };
  for (let column = 0; column < i; column++) exchange(i * n + column, j * n + column);
  exchange(i * n + i, j * n + j);
  for (let between = i + 1; between < j; between++) exchange(between * n + i, j * n + between);
  for (let row = j + 1; row < n; row++) exchange(row * n + i, row * n + j);
  [known[i], known[j]] = [known[j], known[i]];
  [order[i], order[j]] = [order[j], order[i]];
}

function factorColumn(a: Float64Array, n: number, start: number, column: number, root: number, known: Float64Array) {
  a[column * n + column] = root;
  const width = column - start;
  const own = column * n + start;
  for (let row = column + 1; row < n; row++) {
    const from = row * n + start;
    let even = 0;
    let odd = 0; // Two sums, because one alone waits for each addition before the next.
    let i = 0;
    for (; i < width - 1; i += 2) {
      even += a[from + i] * a[own + i];
      odd += a[from + i + 1] * a[own + i + 1];
    }
    if (i < width) even += a[from + i] * a[own + i];
    const value = (a[from + width] - (even + odd)) / root;
    a[from + width] = value;
    known[row] += value * value;
  }
}

/** A -= P P' below and right of the panel P, strip by strip, the lower triangle only. */
async function updateRest(a: Float64Array, n: number, start: number, stop: number, blas: Blas): Promise<void> {
  await multiplyAhead(
    ranges(stop, n, STRIP),
    (rows) =>
      blas.gemm(
        packTile(a, n, rows, [start, stop]),
        packTransposed(a, n, [stop, rows[1]], [start, stop]),
        rows[1] - rows[0],
        stop - start,
        rows[1] - stop,
      ),
    (rows, product) => {
      const width = rows[1] - stop;
      for (let row = rows[0]; row < rows[1]; row++) {
        const from = (row - rows[0]) * width - stop;
        for (let column = stop; column <= row; column++) a[row * n + column] -= product[from + column];
      }
    },
  );
}
