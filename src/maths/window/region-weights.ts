import type { Grid, Tiling } from '../../chunks.js';
import { networkAxes } from './uncertainty-mask.js';

/**
 * How much each patch counts in the mean of the mask over a set of voxels of the network grid,
 * found slice by slice: the mask is linear in the distances, so its mean over any set is a weighted
 * sum of them. With F the set's indicator, weight[i, j, k] = sum over z, y, x of F A_z[z, i] A_y[y,
 * j] A_x[x, k] / |F|.
 */
export class MaskWeights {
  readonly #axes: readonly [Float64Array, Float64Array, Float64Array];
  readonly #tiles: readonly [number, number, number];
  readonly #width: number;
  readonly #sums: Float64Array;
  #count = 0;

  constructor(grid: Grid, tiling: Tiling) {
    this.#axes = networkAxes(grid, tiling);
    this.#tiles = [tiling.origins[0].length, tiling.origins[1].length, tiling.origins[2].length];
    this.#width = grid.shape[2];
    this.#sums = new Float64Array(this.#tiles[0] * this.#tiles[1] * this.#tiles[2]);
  }

  /** @param inside [y, x]: 1 for the voxels of the set */
  push(z: number, inside: Uint8Array): void {
    const [az, ay, ax] = this.#axes;
    const [nz, ny, nx] = this.#tiles;
    const plane = new Float64Array(ny * nx);
    const row = new Float64Array(nx);
    for (let y = 0; y * this.#width < inside.length; y++) {
      row.fill(0);
      let found = 0;
      for (let x = 0, i = y * this.#width; x < this.#width; x++, i++) {
        if (inside[i] === 0) continue;
        found++;
        for (let k = 0; k < nx; k++) row[k] += ax[x * nx + k];
      }
      if (found === 0) continue;
      this.#count += found;
      for (let j = 0; j < ny; j++) {
        const w = ay[y * ny + j];
        if (w !== 0) for (let k = 0; k < nx; k++) plane[j * nx + k] += w * row[k];
      }
    }
    for (let i = 0; i < nz; i++) {
      const w = az[z * nz + i];
      if (w !== 0) for (let t = 0; t < plane.length; t++) this.#sums[i * plane.length + t] += w * plane[t];
    }
  }

  /** In the order of the patches; they sum to 1. Null for an empty set. */
  get weights(): number[] | null {
    return this.#count === 0 ? null : [...this.#sums].map((sum) => sum / this.#count);
  }
}
