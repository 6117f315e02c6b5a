import type { Grid, Tiling, Triple } from '../../chunks.js';
import { coverOf } from './cover.js';
import { gaussianWindow } from './gaussian-window.js';

/**
 * One axis of the uncertainty mask on the scanner's own grid: row v says how the voxel v mixes the
 * tiles along the axis. Rows inside the crop box are non-negative and sum to 1; rows outside are 0.
 */
export interface MaskAxis {
  /** Voxels of the scan along this axis. */
  readonly size: number;
  readonly tiles: number;
  /** [size, tiles], C order. */
  readonly weights: Float64Array;
  /** The crop box along this axis, half-open, in the scan's own voxels. */
  readonly start: number;
  readonly stop: number;
}

/**
 * The aggregation weights along one axis of the unpadded network grid: A[v, i] = g(v - s_i) / sum_j
 * g(v - s_j), s_i the origin of tile i.
 *
 * Dividing by the summed weights is what nnU-Net does with logits, and what the paper's released
 * code leaves out for its mask.
 *
 * @returns [size, origins.length], C order; each row sums to 1
 */
function aggregationMatrix(size: number, before: number, patch: number, origins: readonly number[]): Float64Array {
  const window = gaussianWindow(patch);
  const tiles = origins.length;
  const matrix = new Float64Array(size * tiles);
  for (let v = 0; v < size; v++) {
    let sum = 0;
    for (let i = 0; i < tiles; i++) {
      const j = v + before - origins[i];
      if (j < 0 || j >= patch) continue;
      matrix[v * tiles + i] = window[j];
      sum += window[j];
    }
    for (let i = 0; i < tiles; i++) matrix[v * tiles + i] /= sum;
  }
  return matrix;
}

/**
 * The two neighbours, and the second one's weight, that the voxel `v` of a line of `to` voxels
 * takes from a line of `from` voxels: x = (v + .5) * from / to - .5, clamped to the line. Order 1
 * as skimage `resize(order=1, mode='edge')`; order 0 takes floor(x + .5).
 */
function lineNeighbours(v: number, from: number, to: number, nearest: boolean): [number, number, number] {
  const x = Math.min(Math.max(((v + 0.5) * from) / to - 0.5, 0), from - 1);
  if (nearest) {
    const n = Math.min(Math.floor(x + 0.5), from - 1);
    return [n, n, 0];
  }
  const low = Math.floor(x);
  return [low, Math.min(low + 1, from - 1), x - low];
}

/**
 * The three axes of the mask in the scan's own [z, y, x] order: R_a A_a, the aggregation weights
 * interpolated from the network grid back to the crop box, turned and flipped as the scan lies.
 *
 * mask(z, y, x) = sum over tiles of D[i, j, k] * M_z[z, i] * M_y[y, j] * M_x[x, k].
 */
export function maskAxes(grid: Grid, tiling: Tiling): [MaskAxis, MaskAxis, MaskAxis] {
  const axes: MaskAxis[] = [];
  for (let a = 0; a < 3; a++) axes[grid.axes[a]] = maskAxis(grid, tiling, a);
  return axes as [MaskAxis, MaskAxis, MaskAxis];
}

function maskAxis(grid: Grid, tiling: Tiling, a: number): MaskAxis {
  const origins = tiling.origins[a];
  const tiles = origins.length;
  const network = grid.shape[a];
  const aggregated = aggregationMatrix(network, tiling.before[a], tiling.patchSize[a], origins);
  const size = grid.scan.shape[grid.axes[a]];
  const boxStart = grid.box.start[a];
  const boxSize = grid.box.stop[a] - boxStart;
  const weights = new Float64Array(size * tiles);
  for (let v = 0; v < boxSize; v++) {
    const [low, high, fraction] = lineNeighbours(v, network, boxSize, grid.separateAxis === a);
    const p = boxStart + v;
    const row = (grid.flipped[a] ? size - 1 - p : p) * tiles;
    for (let i = 0; i < tiles; i++) {
      weights[row + i] = (1 - fraction) * aggregated[low * tiles + i] + fraction * aggregated[high * tiles + i];
    }
  }
  const start = grid.flipped[a] ? size - grid.box.stop[a] : boxStart;
  return { size, tiles, weights, start, stop: start + boxSize };
}

/**
 * The aggregation matrices [voxels, tiles] of the three axes of the network grid, C order; each row
 * sums to 1.
 */
export function networkAxes(grid: Grid, tiling: Tiling): [Float64Array, Float64Array, Float64Array] {
  const along = (a: 0 | 1 | 2) =>
    aggregationMatrix(grid.shape[a], tiling.before[a], tiling.patchSize[a], tiling.origins[a]);
  return [along(0), along(1), along(2)];
}

/**
 * How much each patch counts in the subject score, in the order of the patches; they sum to 1:
 * score = sum over patches of distance * weight. The product of the tiles' shares along the three
 * axes, each over the length of the crop box.
 */
export function patchWeights(grid: Grid, tiling: Tiling): Float64Array {
  const along = maskAxes(grid, tiling).map((axis) => tileShares(axis).map((share) => share / (axis.stop - axis.start)));
  const [z, y, x] = [0, 1, 2].map((a) => along[grid.axes[a]]) as [Float64Array, Float64Array, Float64Array];
  const weights = new Float64Array(z.length * y.length * x.length);
  let i = 0;
  for (const wz of z) for (const wy of y) for (const wx of x) weights[i++] = wz * wy * wx;
  return weights;
}

/**
 * The same where only as few patches count as cover the grid (`coverOf`): in the order of all
 * patches, -1 for those that are left out.
 */
export function coverWeights(grid: Grid, tiling: Tiling): Float64Array {
  const cover = coverOf(tiling);
  const kept = patchWeights(grid, cover.tiling);
  const [depth, height, width] = tiling.origins.map((origins) => origins.length);
  let next = 0;
  return Float64Array.from({ length: depth * height * width }, (_, i) => {
    const tile: Triple = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    return cover.find(tile) ? kept[next++] : -1;
  });
}

/** Column sums of the weights: how much of the crop box each tile stands for. */
export function tileShares(axis: MaskAxis): Float64Array {
  const shares = new Float64Array(axis.tiles);
  for (let v = axis.start; v < axis.stop; v++) {
    for (let i = 0; i < axis.tiles; i++) shares[i] += axis.weights[v * axis.tiles + i];
  }
  return shares;
}
