import type { Grid, Triple } from '../chunks.js';
import { SegcanaryError } from '../errors.js';

/** Voxels of a plane of the network grid, all channels: 8192 x 8192. A few dozen planes are held while it is resampled. */
const PLANE = 2 ** 26;
/** Voxels of the whole network grid, all channels: a hundred times the largest scan at a spacing that networks are trained for. */
const WHOLE = 2 ** 36;
/** Voxels of the slices that a patch is deep: 2 GiB. */
const SLAB = 2 ** 29;
/** Patches of a scan. */
const PATCHES = 2 ** 20;
/** Voxels times patches along one axis, the size of a matrix of the mask: 512 MiB. */
const AXIS = 2 ** 26;

/**
 * A header may give any voxel size, and a scan of a few kilobytes becomes a grid beyond every memory when it is resampled: it is refused before it is made.
 *
 * @throws SegcanaryError `scan-unsuitable`
 */
export function refuseHugeGrid({ scan, shape, spacing, channels }: Grid): void {
  const [depth, height, width] = shape;
  if (height * width * channels <= PLANE && depth * height * width * channels <= WHOLE) return;
  throw tooLarge(
    scan.case,
    `resampled to ${[...spacing].reverse().join(' x ')} mm it would be ${[...shape].reverse().join(' x ')} voxels`,
  );
}

/**
 * The same for the sliding window over a grid.
 *
 * @throws SegcanaryError `scan-unsuitable`
 */
export function refuseHugeTiling({ scan, shape, channels, axes }: Grid, patch: Triple, step: number): void {
  const padded = shape.map((n, a) => Math.max(n, patch[a]!));
  const tiles = padded.map((n, a) => Math.ceil((n - patch[a]!) / (patch[a]! * step)) + 1);
  const patches = tiles[0]! * tiles[1]! * tiles[2]!;
  if (patches > PATCHES) throw tooLarge(scan.case, `it would be cut into ${patches} patches`);
  if (patch[0] * padded[1]! * padded[2]! * channels > SLAB)
    throw tooLarge(
      scan.case,
      `the slices that a patch is deep would be ${patch[0]} of ${padded[2]} x ${padded[1]} voxels`,
    );
  const longest = Math.max(...tiles.map((n, a) => n * Math.max(scan.shape[axes[a]!]!, shape[a]!)));
  if (longest > AXIS) throw tooLarge(scan.case, `it would be cut into ${tiles.join(' x ')} patches`);
}

const tooLarge = (name: string, what: string): SegcanaryError =>
  new SegcanaryError(
    'scan-unsuitable',
    `${name}: ${what}, which no machine holds; the voxel size in its header is probably wrong, or the plan is another model's.`,
  );
