import type { Grid, Triple } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';

/**
 * Voxels of a resampled grid: 2048 x 2048 x 1024. It bounds the time, and the second temporary file
 * of a plan that measures after resampling (16 GiB).
 */
export const maxGridVoxels = 2 ** 32;
/**
 * Voxels of a plane, also of one that is resampled along one axis only so far: 4096 x 4096. A cubic
 * spline holds 32 of them along z, 2 GiB.
 */
export const maxPlaneVoxels = 2 ** 24;
/** Voxels along one axis: weights of 32 neighbours are kept for each. */
export const maxAxisVoxels = 2 ** 16;
/**
 * Voxels of the slab that patches are cut from, a patch deep and a padded plane wide, all channels:
 * 4 GiB.
 */
export const maxSlabVoxels = 2 ** 30;
/** Voxels times patches along one axis, the size of a matrix of the mask: 512 MiB. */
export const maxAxisWeights = 2 ** 26;
/**
 * Voxels of a patch: 512 x 512 x 256. nnU-Net plans a tenth of it for the largest GPUs, and what is
 * beyond is a slip that would be allocated.
 */
export const maxPatchVoxels = 2 ** 26;
/** Patches of one scan. */
export const maxPatches = 2 ** 24;

/**
 * Refuses a grid that a header or a plan with an absurd voxel size makes of a scan, before anything
 * is allocated for it.
 *
 * @param from the grid that is resampled
 * @param to what it becomes
 * @throws SegcanaryError `scan-unsuitable`
 */
export function refuseHugeGrid(from: Grid, to: Grid): void {
  if (from === to) return;
  const [depth, height, width] = to.shape;
  const planes = [height * width, from.shape[1] * width, height * from.shape[2]];
  const fits =
    to.shape.every((n) => n <= maxAxisVoxels) &&
    planes.every((n) => n <= maxPlaneVoxels) &&
    depth * height * width <= maxGridVoxels;
  if (fits) return;
  throw new SegcanaryError(
    'scan-unsuitable',
    `resampled from ${size(from.spacing)} to ${size(to.spacing)} mm it would have ${size(to.shape)} voxels, which no scan has; check the voxel size in its header and the plan's spacing.`,
    { subject: from.scan.case },
  );
}

/**
 * Refuses a sliding window whose patches, or whose number, no machine could hold.
 *
 * @throws SegcanaryError `scan-unsuitable`
 */
export function refuseHugeWindow({ scan, shape, channels, axes }: Grid, patchSize: Triple, stepSize: number): void {
  const padded = patchSize.map((n, axis) => Math.max(n, shape[axis]));
  const slab = channels * patchSize[0] * padded[1] * padded[2];
  const tiles = patchSize.map((patch, axis) => Math.ceil((padded[axis] - patch) / (patch * stepSize) + 1));
  const patches = tiles.reduce((n, count) => n * count, 1);
  const weights = Math.max(...tiles.map((count, axis) => count * Math.max(scan.shape[axes[axis]], shape[axis])));
  // A step that is no number above 0 has a sentence of its own.
  const whole = patchSize[0] * patchSize[1] * patchSize[2];
  if (
    whole <= maxPatchVoxels &&
    slab <= maxSlabVoxels &&
    ((patches <= maxPatches && weights <= maxAxisWeights) || !(stepSize > 0))
  )
    return;
  throw new SegcanaryError(
    'scan-unsuitable',
    `patches of ${size(patchSize)} voxels at steps of ${stepSize} would need ${slab.toPrecision(3)} voxels of memory and ${patches.toPrecision(3)} patches for a grid of ${size(shape)}; check the voxel size in its header, and the patch and step size of the plan.`,
    { subject: scan.case },
  );
}

const size = (values: readonly number[]): string => values.join(' x ');
