import ndarray from 'ndarray';
import type { Grid, Patch, Slice, Tiling, Triple } from '../../chunks.js';
import { contiguous } from '../volume/contiguous.js';

/**
 * A ring of as many slices as a patch is deep, in which the sliding window is cut into patches.
 * The voxels around a grid smaller than the patch are 0, as nnU-Net pads after normalisation.
 */
export class PatchSlab {
  readonly #grid: Grid;
  readonly #tiling: Tiling;
  /** [depth, c, y, x] of the padded grid. */
  readonly #ring: Float32Array;
  #index = 0;
  #nextRow = 0;

  constructor(grid: Grid, tiling: Tiling) {
    this.#grid = grid;
    this.#tiling = tiling;
    const [depth] = tiling.patchSize;
    this.#ring = new Float32Array(depth * grid.channels * tiling.padded[1] * tiling.padded[2]);
  }

  /** Takes the next slice and yields the patches whose last slice it is. */
  *push(slice: Slice): Generator<Patch> {
    const { padded, before, patchSize } = this.#tiling;
    const [, height, width] = this.#grid.shape;
    const channels = this.#grid.channels;
    const plane = padded[1] * padded[2];
    const slot = ((slice.z + before[0]) % patchSize[0]) * channels * plane;
    const source = contiguous(slice.data);
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        const from = (c * height + y) * width;
        this.#ring.set(source.subarray(from, from + width), slot + c * plane + (y + before[1]) * padded[2] + before[2]);
      }
    }
    // Behind the last slice lies only padding, which exists just where a single row of patches
    // covers the whole depth.
    const last = slice.z === this.#grid.shape[0] - 1 ? padded[0] - 1 : slice.z + before[0];
    const origins = this.#tiling.origins[0];
    while (this.#nextRow < origins.length && origins[this.#nextRow] + patchSize[0] - 1 <= last)
      yield* this.#row(this.#nextRow++);
  }

  *#row(i: number): Generator<Patch> {
    const [, rows, columns] = this.#tiling.origins;
    for (let j = 0; j < rows.length; j++) {
      for (let k = 0; k < columns.length; k++) yield this.#cut([i, j, k]);
    }
  }

  #cut(tile: Triple): Patch {
    const { patchSize, padded, origins } = this.#tiling;
    const [depth, height, width] = patchSize;
    const channels = this.#grid.channels;
    const plane = padded[1] * padded[2];
    const [z0, y0, x0] = [origins[0][tile[0]], origins[1][tile[1]], origins[2][tile[2]]];
    const data = new Float32Array(channels * depth * height * width);
    let to = 0;
    for (let c = 0; c < channels; c++) {
      for (let z = 0; z < depth; z++) {
        const slot = (((z0 + z) % depth) * channels + c) * plane;
        for (let y = 0; y < height; y++) {
          const from = slot + (y0 + y) * padded[2] + x0;
          data.set(this.#ring.subarray(from, from + width), to);
          to += width;
        }
      }
    }
    return {
      grid: this.#grid,
      tiling: this.#tiling,
      index: this.#index++,
      tile,
      data: ndarray(data, [channels, depth, height, width]),
    };
  }
}
