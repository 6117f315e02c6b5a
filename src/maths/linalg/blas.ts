/**
 * The one operation that the fit needs of a linear algebra library. Everything is float64 in C
 * order.
 */
export interface Blas {
  /**
   * a [m,k] times b [k,n] as a new [m,n]. The two inputs belong to the callee from then on (they
   * may be transferred to another thread), so callers pass tiles that they packed for the purpose.
   */
  gemm(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Promise<Float64Array>;
}

/**
 * Plain loops: .4 to 3.4 GFLOP/s. For small matrices and for tests; `openBlas` of model/blas.ts
 * runs at 60 GFLOP/s and more.
 */
export const plainBlas: Blas = {
  async gemm(a, b, m, k, n) {
    const c = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      const out = i * n;
      for (let p = 0; p < k; p++) {
        const factor = a[i * k + p];
        if (factor === 0) continue;
        const from = p * n;
        for (let j = 0; j < n; j++) c[out + j] += factor * b[from + j];
      }
    }
    return c;
  },
};

/** A half-open range of rows or columns. */
export type Range = readonly [start: number, stop: number];

/** The ranges that cut [start, stop) into pieces of at most `size`. */
export function ranges(start: number, stop: number, size: number): Range[] {
  const out: Range[] = [];
  for (let from = start; from < stop; from += size) out.push([from, Math.min(from + size, stop)]);
  return out;
}

/** Copies the tile rows x columns out of a matrix with `stride` columns. */
export function packTile(matrix: Float64Array, stride: number, rows: Range, columns: Range): Float64Array {
  const width = columns[1] - columns[0];
  const tile = new Float64Array((rows[1] - rows[0]) * width);
  for (let row = rows[0], to = 0; row < rows[1]; row++, to += width) {
    const from = row * stride + columns[0];
    tile.set(matrix.subarray(from, from + width), to);
  }
  return tile;
}

/**
 * Copies the tile rows x columns out of a matrix with `stride` columns, transposed: the result is
 * [columns, rows].
 */
export function packTransposed(matrix: Float64Array, stride: number, rows: Range, columns: Range): Float64Array {
  const height = rows[1] - rows[0];
  const tile = new Float64Array(height * (columns[1] - columns[0]));
  // Strips of 16 rows: each strip writes whole cache lines although it runs across the result.
  for (const [start, stop] of ranges(rows[0], rows[1], 16)) {
    for (let column = columns[0], to = start - rows[0]; column < columns[1]; column++, to += height) {
      for (let row = start; row < stop; row++) tile[to + row - start] = matrix[row * stride + column];
    }
  }
  return tile;
}

/**
 * Multiplies tile after tile and hands each product to `take`, in order, one multiplication ahead:
 * while the BLAS works on a tile in its own thread, the one before is added up here.
 */
export async function multiplyAhead<Tile>(
  tiles: Iterable<Tile>,
  multiply: (tile: Tile) => Promise<Float64Array>,
  take: (tile: Tile, product: Float64Array) => void,
): Promise<void> {
  let ahead: { tile: Tile; product: Promise<Float64Array> } | null = null;
  for (const tile of tiles) {
    const product = multiply(tile);
    // A failure is raised where the product is awaited; until then it must not count as unhandled.
    product.catch(() => {});
    if (ahead) take(ahead.tile, await ahead.product);
    ahead = { tile, product };
  }
  if (ahead) take(ahead.tile, await ahead.product);
}
