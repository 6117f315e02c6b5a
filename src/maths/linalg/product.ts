import { type Blas, multiplyAhead, packTile, packTransposed, type Range, ranges } from './blas.js';

const TILE = 960;

/** A matrix in C order, to be read as it is or transposed. */
export interface Operand {
  readonly data: Float64Array;
  /** As stored. */
  readonly rows: number;
  readonly columns: number;
  /** Elements from one stored row to the next. @default columns */
  readonly stride?: number;
  readonly transposed?: boolean;
}

/**
 * op(a) op(b), in tiles, so that no copy of a whole operand is made on the way to the BLAS. Neither
 * operand is consumed.
 */
export async function product(blas: Blas, a: Operand, b: Operand): Promise<Float64Array> {
  const [m, k] = shape(a);
  const [inner, n] = shape(b);
  if (k !== inner) throw new RangeError(`[${m},${k}] does not multiply [${inner},${n}]`);
  const out = new Float64Array(m * n);
  const tiles = ranges(0, m, TILE).flatMap((rows) =>
    ranges(0, n, TILE).map((columns): [Range, Range] => [rows, columns]),
  );
  await multiplyAhead(
    tiles,
    ([rows, columns]) =>
      blas.gemm(pack(a, rows, [0, k]), pack(b, [0, k], columns), rows[1] - rows[0], k, columns[1] - columns[0]),
    ([rows, columns], tile) => {
      const width = columns[1] - columns[0];
      for (let row = rows[0], from = 0; row < rows[1]; row++, from += width) {
        out.set(tile.subarray(from, from + width), row * n + columns[0]);
      }
    },
  );
  return out;
}

function shape({ rows, columns, transposed }: Operand): [number, number] {
  return transposed ? [columns, rows] : [rows, columns];
}

function pack({ data, columns: width, stride = width, transposed }: Operand, rows: Range, columns: Range) {
  return transposed ? packTransposed(data, stride, columns, rows) : packTile(data, stride, rows, columns);
}
