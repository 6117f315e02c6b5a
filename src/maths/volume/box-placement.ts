import type { Grid } from '../../chunks.js';

/** Voxels of any type that is written to a file. */
export type Voxels = Uint8Array | Uint16Array | Float32Array;

/**
 * Along one axis of a grid: where its first voxel lies among the voxels of the scan, in C order,
 * and how far one step goes.
 */
interface AxisPlacement {
  readonly step: number;
  readonly start: number;
}

/**
 * Puts voxels of a crop box, whose axes may have been turned and reversed, back where they came
 * from on the scan's own grid: what nnU-Net does by pasting into the box and transposing back.
 */
export class BoxPlacement {
  readonly #shape: readonly number[];
  readonly #plane: number;
  readonly #placements: readonly [AxisPlacement, AxisPlacement, AxisPlacement];

  constructor({ scan, shape, axes, flipped, box }: Grid) {
    const step = [scan.shape[1] * scan.shape[2], scan.shape[2], 1];
    const along = (i: 0 | 1 | 2): AxisPlacement => {
      const axis = axes[i];
      const first = flipped[i] ? scan.shape[axis] - 1 - box.start[i] : box.start[i];
      return { step: (flipped[i] ? -1 : 1) * step[axis], start: first * step[axis] };
    };
    this.#shape = shape;
    this.#plane = step[0];
    this.#placements = [along(0), along(1), along(2)];
  }

  /**
   * @param stored slice d of the box, [y, x] of the box
   * @param out a run of slices of the scan, each [y, x], that begins at slice `first`; gets the
   *   voxels of the box that lie in it
   */
  put<T extends Voxels>(stored: T, d: number, out: readonly T[], first: number): void {
    const [deep, rows, columns] = this.#placements;
    const plane = this.#plane;
    const low = first * plane;
    const high = low + out.length * plane;
    for (let y = 0, i = 0; y < this.#shape[1]; y++) {
      let at = deep.start + d * deep.step + rows.start + y * rows.step + columns.start;
      for (let x = 0; x < this.#shape[2]; x++, i++, at += columns.step) {
        if (at >= low && at < high) out[Math.floor((at - low) / plane)][(at - low) % plane] = stored[i];
      }
    }
  }
}

/** Whether slices of the grid are slices of the scan, in the same order. */
export const keepsSliceOrder = ({ axes, flipped }: Grid): boolean => axes[0] === 0 && !flipped[0];

/** Bytes of the scan's slices that are put together at a time where the slice axis was moved. */
const blockBytes = 64 * 2 ** 20;

/**
 * All slices of the scan, in order, from slices of the box that can be read in any order. While the
 * slice axis stays, every slice is read once; where it was moved, every slice is read once for each
 * 64 MiB of output.
 *
 * @param read fills an array with slice d of the box
 * @param make a slice of the scan, [y, x], as it is outside the box
 * @param stored room for one slice of the box
 */
export async function* unboxedSlices<T extends Voxels>(
  grid: Grid,
  read: (d: number, stored: T) => Promise<void>,
  make: () => T,
  stored: T,
): AsyncGenerator<T> {
  const placement = new BoxPlacement(grid);
  const depth = grid.scan.shape[0];
  const inOrder = keepsSliceOrder(grid);
  const block = inOrder ? 1 : Math.max(1, Math.floor(blockBytes / make().byteLength));
  for (let first = 0; first < depth; first += block) {
    const out = Array.from({ length: Math.min(block, depth - first) }, make);
    const [from, to] = inOrder
      ? [Math.max(0, first - grid.box.start[0]), Math.min(grid.shape[0], first + 1 - grid.box.start[0])]
      : [0, grid.shape[0]];
    for (let d = from; d < to; d++) {
      await read(d, stored);
      placement.put(stored, d, out, first);
    }
    yield* out;
  }
}
