import { describe, expect, it } from 'vitest';
import { patchBox, patchCentre } from '../../../src/maths/window/place.js';
import { layTiles } from '../../../src/maths/window/tiling.js';
import { gridOf, scanOf } from '../../support/grids.js';

describe('where a patch lies in the source scan, as [x, y, z]', () => {
  it('on the scan’s own grid: the middle of the patch, and the patch', () => {
    const grid = gridOf(scanOf([8, 12, 16]));
    const tiling = layTiles(grid.shape, [4, 6, 8], 1);
    // Tiles start at 0 and 4, 0 and 6, 0 and 8; the middle of 4 voxels from 4 on is 5.5, which
    // rounds up.
    expect(patchCentre(grid, tiling, [1, 0, 1])).toEqual([12, 3, 6]);
    expect(patchBox(grid, tiling, [1, 0, 1])).toEqual({ start: [8, 0, 4], stop: [16, 6, 8] });
  });

  it('back through a resampling, a crop, a flip and another order of the axes', () => {
    // Grid z is the scan's x, backwards; grid y the scan's z, grid x the scan's y. Half as many
    // voxels along grid y, twice as many along grid x.
    const grid = gridOf(scanOf([20, 9, 10]), {
      shape: [6, 8, 10],
      axes: [2, 0, 1],
      flipped: [true, false, false],
      box: { start: [1, 2, 3], stop: [7, 18, 8] },
    });
    const tiling = layTiles(grid.shape, [3, 4, 5], 1);
    // z: tile from 3, middle 4, from the box's start 5, of 10 backwards 4. y: tile from 4, middle
    // 5.5, in the box of 16 at 11.5, so 12 + 2. x: tile from 0, middle 2, in the box of 5 at .75,
    // so 1 + 3.
    expect(patchCentre(grid, tiling, [1, 1, 0])).toEqual([4, 4, 14]);
    // z 3 to 6, so 4 to 7, so 3 to 6 backwards; y 4 to 8, so 8 to 16 and 2 more; x 0 to 5, so 0 to
    // 2.5, outwards, and 3 more.
    expect(patchBox(grid, tiling, [1, 1, 0])).toEqual({ start: [3, 3, 10], stop: [6, 6, 18] });
  });

  it('of a patch that is mostly padding: on the border of the crop box', () => {
    const grid = gridOf(scanOf([5, 9, 9]), { shape: [1, 2, 3], box: { start: [4, 1, 0], stop: [5, 3, 3] } });
    const tiling = layTiles(grid.shape, [4, 4, 4], 0.5);
    expect(tiling.before).toEqual([1, 1, 0]);
    expect(patchCentre(grid, tiling, [0, 0, 0])).toEqual([2, 2, 4]);
    expect(patchBox(grid, tiling, [0, 0, 0])).toEqual({ start: [0, 1, 4], stop: [3, 3, 5] });
  });
});
