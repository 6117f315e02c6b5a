/** How a plane is shifted. */
export interface RowShift {
  readonly rows: number;
  readonly columns: number;
  /** Rows that it is shifted by, towards later ones; any number, but not below 0. */
  readonly shift: number;
  /** Rows of what comes out. */
  readonly outRows: number;
  /** What stands where the plane does not reach. */
  readonly fill: number;
  /**
   * Value of what was never measured (Pixel Padding Value): it is not mixed with its neighbours.
   *
   * @default none
   */
  readonly padding?: number | null | undefined;
}

/** Rows by which rounding may miss the last one. */
const ROUNDING = 1e-9;

/**
 * Shifts the rows of a plane, linear between two neighbours. The same as dcm2niix does for its
 * `_Tilt` files (nii_saveNII3Dtilt), which counts rows from the other end and rounds to whole
 * numbers: a row that begins before the first one of the plane is that one, padding is taken from
 * the nearest.
 *
 * @param plane [rows, columns]
 * @returns [outRows, columns]
 */
export function untiltRows(plane: Float32Array, options: RowShift): Float32Array {
  const { rows, columns, shift, outRows, fill, padding = null } = options;
  const out = new Float32Array(outRows * columns).fill(fill);
  for (let row = 0; row < outRows; row++) {
    const from = row - shift;
    if (from <= ROUNDING - 1 || from > rows - 1 + ROUNDING) continue;
    const before = Math.floor(from);
    const share = from - before;
    const low = Math.max(0, before) * columns;
    const high = Math.min(before + 1, rows - 1) * columns;
    for (let column = 0; column < columns; column++) {
      const a = plane[low + column];
      const b = plane[high + column];
      const isEdge = padding !== null && (a === padding || b === padding);
      out[row * columns + column] = isEdge ? (share > 0.5 ? b : a) : a + share * (b - a);
    }
  }
  return out;
}
