import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patchBox, patchCentre } from '../../../src/maths/window/place.js';
import { layTiles } from '../../../src/maths/window/tiling.js';
import { anyGrid, distancesOf, gridOf, scanOf } from '../../support/grids.js';

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

const patchSize = fc.tuple(
  ...([1, 2, 3].map(() => fc.integer({ min: 1, max: 9 })) as [
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
  ]),
);

describe('patchBox', () => {
  it('is where the patch lies: through padding, resampling, crop, flips and the order of the axes', () => {
    const scan = scanOf([4, 6, 20]);
    const plain = gridOf(scan);
    // Patches of 4x4x8 half a patch apart: x from 0, 4, 8, 12.
    const tiling = layTiles(plain.shape, [4, 4, 8], 0.5);
    expect(patchBox(plain, tiling, [0, 1, 2])).toEqual({ start: [8, 2, 0], stop: [16, 6, 4] });
    // Twice as fine along x, half cropped away: voxel 10 of the scan is voxel 0 of the grid.
    const cropped = gridOf(scan, { box: { start: [0, 0, 10], stop: [4, 6, 20] } });
    expect(patchBox(cropped, tiling, [0, 1, 2])).toEqual({ start: [14, 2, 0], stop: [18, 6, 4] });
    const flipped = gridOf(scan, { flipped: [false, false, true] });
    expect(patchBox(flipped, tiling, [0, 1, 2])).toEqual({ start: [4, 2, 0], stop: [12, 6, 4] });
    // The axes of the network are [x, z, y] of the scan.
    const turned = gridOf(scan, { shape: [20, 4, 6], axes: [2, 0, 1], box: { start: [0, 0, 0], stop: [20, 4, 6] } });
    const along = layTiles(turned.shape, [8, 4, 4], 0.5);
    expect(patchBox(turned, along, [2, 0, 1])).toEqual({ start: [8, 2, 0], stop: [16, 6, 4] });
    // A grid smaller than the patch: the patch covers all of it and padding besides.
    expect(patchBox(plain, layTiles(plain.shape, [9, 9, 40], 0.5), [0, 0, 0])).toEqual({
      start: [0, 0, 0],
      stop: [20, 6, 4],
    });
  });

  it('holds the centre of its patch, lies in the crop box, and all of them cover it', () => {
    fc.assert(
      fc.property(anyGrid, patchSize, (grid, size) => {
        const tiling = layTiles(grid.shape, size, 0.5);
        // The crop box along [x, y, z] of the scan.
        const inside = [2, 1, 0].map((axis): readonly [number, number] => {
          const a = grid.axes.indexOf(axis);
          const whole = grid.scan.shape[axis];
          const [from, to] = [grid.box.start[a], grid.box.stop[a]];
          return grid.flipped[a] ? [whole - to, whole - from] : [from, to];
        });
        const covered = inside.map(() => new Set<number>());
        // Collected, and expected once: there are thousands of patches.
        const wrong: unknown[] = [];
        for (const { tile } of distancesOf(grid, tiling, () => 0)) {
          const { start, stop } = patchBox(grid, tiling, tile);
          const centre = patchCentre(grid, tiling, tile);
          for (const [axis, [from, to]] of inside.entries()) {
            const [low, at, high] = [start[axis], centre[axis], stop[axis]];
            if (!(from <= low && low <= at && at < high && high <= to)) wrong.push({ axis, from, low, at, high, to });
            for (let v = low; v < high; v++) covered[axis].add(v);
          }
        }
        expect(wrong).toEqual([]);
        // A Cartesian product of tiles covers the box iff it does along each axis.
        expect(covered.map(({ size: n }) => n)).toEqual(inside.map(([from, to]) => to - from));
      }),
    );
  });
});
