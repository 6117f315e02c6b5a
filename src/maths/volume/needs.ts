import type { Grid, Tiles, Triple } from '../../chunks.js';
import type { Resampling } from '../../plan.js';
import { neighbours } from '../resample/interpolation.js';
import { coverOf } from '../window/cover.js';
import { layTiles, patchCount } from '../window/tiling.js';

/** How a network is slid over the grid of a scan. */
export interface NetworkWindow {
  readonly patchSize: Triple;
  /** @default 0.5 */
  readonly stepSize?: number | undefined;
  /** @default 'all' */
  readonly tiles?: Tiles | undefined;
  /** Values of a voxel that are put together again from the patches. @default 0, none are */
  readonly logits?: number | undefined;
}

/** What a scan takes, as its header and a plan say. */
export interface Needs {
  readonly patches: number;
  /** Bytes for slices. */
  readonly memory: number;
}

/**
 * Slices that are on their way at a time: as stored, between the stages that read, measure and
 * spool them; and on the network's grid, between those that normalise, resample and cut them.
 */
const UNDER_WAY = 8;
/** The same of logits, which come one by one. */
const LOGITS_UNDER_WAY = 4;

/**
 * What a scan needs: patches, and bytes for all slices that are held at a time. Each is a slice's
 * voxels times a number that does not depend on how many slices there are:
 *
 *   8    slices of the scan
 *   8    slices of the network's grid
 *   32   slices that are resampled in the plane, not yet along z, by a cubic spline; 2 by a linear
 *        one, 1 where z stays or is taken on its own
 *   p_z  slices of the network's grid, at least a patch wide, that patches are cut from
 *
 * of float32, a value a channel; and where a segmentation is put together p_z + 4 of the network's
 * grid and 4 of the scan, a value a class. It never shrinks when the grid grows, so that the grid
 * of a whole scan gives a bound for what a crop leaves of it.
 *
 * @param from the scan's grid, its axes as the plan turns them
 * @param to what it is resampled to
 * @param window absent where no network is run
 */
export function needsOf(from: Grid, to: Grid, { order, orderZ }: Resampling, window?: NetworkWindow): Needs {
  const { channels, scan } = from;
  const stored = Math.max(scan.shape[1] * scan.shape[2], from.shape[1] * from.shape[2]);
  const [depth, height, width] = to.shape;
  const across = to.separateAxis;
  const between = (across === 1 ? from.shape[1] : height) * (across === 2 ? from.shape[2] : width);
  const ring = from === to ? 0 : neighbours(from.shape[0], depth, across === 0 ? orderZ : order) * between;
  const slices = channels * (UNDER_WAY * (stored + height * width) + ring);
  if (!window) return { patches: 0, memory: 4 * slices };
  const { patchSize, stepSize = 0.5, tiles = 'all', logits = 0 } = window;
  const whole = layTiles(to.shape, patchSize, stepSize);
  const slab = channels * patchSize[0] * whole.padded[1] * whole.padded[2];
  const together = (Math.min(patchSize[0], depth) + LOGITS_UNDER_WAY) * height * width + LOGITS_UNDER_WAY * stored;
  return {
    patches: patchCount(tiles === 'cover' ? coverOf(whole).tiling : whole),
    memory: 4 * (slices + slab + logits * together),
  };
}
