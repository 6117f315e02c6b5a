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

/**
 * Shifts the rows of a plane, linear between two neighbours, as dcm2niix does for its `_Tilt` files
 * (nii_saveNII3Dtilt), which rounds to whole numbers besides.
 *
 * @param plane [rows, columns]
 * @returns [outRows, columns]
 */
export function untiltRows(plane: Float32Array, options: RowShift): Float32Array {
  const { rows, columns, shift, outRows, fill, padding } = options;
  const out = new Float32Array(outRows * columns).fill(fill);
  for (let row = 0; row < outRows; row++) {
    const from = row - shift;
    // A shift of whole rows ends where the plane does, but for rounding.
    const low = Math.floor(from + 1e-9);
    if (low < 0 || low >= rows) continue;
    const high = Math.min(low + 1, rows - 1);
    const share = Math.max(0, from - low);
    for (let column = 0; column < columns; column++) {
      const a = plane[low * columns + column];
      const b = plane[high * columns + column];
      const isEdge = padding !== undefined && padding !== null && (a === padding || b === padding);
      const value = isEdge ? (share >= 0.5 ? b : a) : a + share * (b - a);
      out[row * columns + column] = value;
    }
  }
  return out;
}
