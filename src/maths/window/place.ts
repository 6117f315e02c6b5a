import type { Box, Grid, Tiling, Triple } from '../../chunks.js';

/**
 * The voxel [x, y, z] of the source scan nearest to the centre of a patch: back through padding,
 * resampling, crop, flips and the order of the axes. A centre that falls into padding is moved to
 * the border of the crop box.
 */
export function patchCentre(grid: Grid, tiling: Tiling, tile: Triple): Triple {
  const voxel = [0, 0, 0];
  for (let a = 0; a < 3; a++) {
    const centre = tiling.origins[a][tile[a]] + (tiling.patchSize[a] - 1) / 2 - tiling.before[a];
    const boxSize = grid.box.stop[a] - grid.box.start[a];
    const inBox = Math.round(((centre + 0.5) * boxSize) / grid.shape[a] - 0.5);
    const p = grid.box.start[a] + Math.min(Math.max(inBox, 0), boxSize - 1);
    const axis = grid.axes[a];
    voxel[axis] = grid.flipped[a] ? grid.scan.shape[axis] - 1 - p : p;
  }
  return [voxel[2], voxel[1], voxel[0]];
}

/**
 * The box [x, y, z] of the source scan that holds every voxel which a patch covers inside the crop
 * box: the way of `patchCentre` for both ends of the patch, rounded outwards to whole voxels.
 * Half-open.
 */
export function patchBox(grid: Grid, tiling: Tiling, tile: Triple): Box {
  const start = [0, 0, 0];
  const stop = [0, 0, 0];
  for (let a = 0; a < 3; a++) {
    const size = grid.shape[a];
    const first = tiling.origins[a][tile[a]] - tiling.before[a];
    const low = Math.min(Math.max(first, 0), size);
    const high = Math.min(Math.max(first + tiling.patchSize[a], 0), size);
    const boxSize = grid.box.stop[a] - grid.box.start[a];
    const from = grid.box.start[a] + Math.floor((low * boxSize) / size);
    const to = grid.box.start[a] + Math.ceil((high * boxSize) / size);
    const axis = grid.axes[a];
    const whole = grid.scan.shape[axis];
    start[axis] = grid.flipped[a] ? whole - to : from;
    stop[axis] = grid.flipped[a] ? whole - from : to;
  }
  return { start: [start[2], start[1], start[0]], stop: [stop[2], stop[1], stop[0]] };
}
