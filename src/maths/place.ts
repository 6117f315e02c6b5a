import type { Grid, Tiling, Triple } from '../chunks.js';

/**
 * The voxel [x, y, z] of the source scan nearest to the centre of a patch: back through padding, resampling, crop, flips and the order of the axes.
 * A centre that falls into padding is moved to the border of the crop box.
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
