import type { Grid, MaskSlice, PatchDistance, Tiling, WorstPatch } from '../../chunks.js';
import { patchCentre } from './place.js';
import { type MaskAxis, maskAxes, tileShares } from './uncertainty-mask.js';

/**
 * Turns patch distances into slices of the uncertainty mask on the scanner's own grid, each as soon
 * as the last patch that touches it is known. Holds the little grid of distances and three small
 * matrices; never a volume.
 */
export class MaskAggregator {
  readonly #grid: Grid;
  readonly #tiling: Tiling;
  readonly #axes: readonly [MaskAxis, MaskAxis, MaskAxis];
  readonly #shares: readonly [Float64Array, Float64Array];
  /** Distances in the scan's axis order, [z tiles, y tiles, x tiles]. */
  readonly #distances: Float64Array;
  /**
   * For each tile along the scan's z, the number of patches after which every distance of that tile
   * is known.
   */
  readonly #known: readonly number[];
  #patches = 0;
  #nextSlice = 0;
  #worst: WorstPatch | null = null;

  constructor(grid: Grid, tiling: Tiling) {
    this.#grid = grid;
    this.#tiling = tiling;
    this.#axes = maskAxes(grid, tiling);
    this.#shares = [tileShares(this.#axes[1]), tileShares(this.#axes[2])];
    this.#distances = new Float64Array(this.#axes[0].tiles * this.#axes[1].tiles * this.#axes[2].tiles);
    this.#known = patchesUntilKnown(grid, tiling);
  }

  /**
   * Takes the next distance, in the order of the patches, and yields the slices that it completes.
   */
  *push(patch: PatchDistance): Generator<MaskSlice> {
    const tile = [0, 0, 0];
    for (let a = 0; a < 3; a++) tile[this.#grid.axes[a]] = patch.tile[a];
    const [, y, x] = this.#axes;
    this.#distances[(tile[0] * y.tiles + tile[1]) * x.tiles + tile[2]] = patch.distance;
    this.#patches++;
    if (this.#worst === null || patch.distance > this.#worst.distance) {
      this.#worst = { distance: patch.distance, centre: patchCentre(this.#grid, this.#tiling, patch.tile) };
    }
    while (this.#nextSlice < this.#axes[0].size && this.#isComplete(this.#nextSlice))
      yield this.#slice(this.#nextSlice++);
  }

  /** Slices of the scan that have not been emitted yet. */
  get remaining(): number {
    return this.#axes[0].size - this.#nextSlice;
  }

  #isComplete(z: number): boolean {
    const { tiles, weights } = this.#axes[0];
    for (let i = tiles - 1; i >= 0; i--) {
      if (weights[z * tiles + i] > 0 && this.#patches < this.#known[i]) return false;
    }
    return true;
  }

  #slice(z: number): MaskSlice {
    const [az, ay, ax] = this.#axes;
    const plane = new Float64Array(ay.tiles * ax.tiles);
    for (let i = 0; i < az.tiles; i++) {
      const w = az.weights[z * az.tiles + i];
      if (w === 0) continue;
      for (let t = 0; t < plane.length; t++) plane[t] += w * this.#distances[i * plane.length + t];
    }
    const inside = z >= az.start && z < az.stop;
    let sum = 0;
    for (let j = 0; j < ay.tiles; j++) {
      for (let k = 0; k < ax.tiles; k++) sum += plane[j * ax.tiles + k] * this.#shares[0][j] * this.#shares[1][k];
    }
    return {
      scan: this.#grid.scan,
      z,
      count: inside ? (ay.stop - ay.start) * (ax.stop - ax.start) : 0,
      sum,
      patches: this.#patches,
      worstPatch: this.#worst as WorstPatch,
      render: () => renderPlane(plane, ay, ax),
    };
  }
}

/**
 * Patches come in C order of the network grid. A tile index of the scan's z axis is known once its
 * last patch has come: at once for the slowest network axis, only with the very last rows where the
 * plan moved the axes.
 */
function patchesUntilKnown(grid: Grid, tiling: Tiling): number[] {
  const counts = tiling.origins.map((o) => o.length);
  const along = grid.axes.indexOf(0);
  return Array.from({ length: counts[along] }, (_, i) => {
    const last = counts.map((n, a) => (a === along ? i : n - 1));
    return (last[0] * counts[1] + last[1]) * counts[2] + last[2] + 1;
  });
}

/** M_y P M_x^T: [y, x] voxels from [y tiles, x tiles]. */
function renderPlane(plane: Float64Array, ay: MaskAxis, ax: MaskAxis): Float32Array {
  const out = new Float32Array(ay.size * ax.size);
  const row = new Float64Array(ax.tiles);
  for (let y = ay.start; y < ay.stop; y++) {
    row.fill(0);
    for (let j = 0; j < ay.tiles; j++) {
      const w = ay.weights[y * ay.tiles + j];
      if (w === 0) continue;
      for (let k = 0; k < ax.tiles; k++) row[k] += w * plane[j * ax.tiles + k];
    }
    for (let x = ax.start; x < ax.stop; x++) {
      let value = 0;
      for (let k = 0; k < ax.tiles; k++) value += row[k] * ax.weights[x * ax.tiles + k];
      out[y * ax.size + x] = value;
    }
  }
  return out;
}
