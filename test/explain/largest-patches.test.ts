import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../../src/chunks.js';
import { LargestPatches } from '../../src/explain/largest-patches.js';
import { patchBox, patchCentre } from '../../src/maths/window/place.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { patchWeights } from '../../src/maths/window/uncertainty-mask.js';
import { anyGrid, distancesOf, gridOf, scanOf } from '../support/grids.js';

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

describe('LargestPatches', () => {
  it('keeps the five of the largest distances, the earlier of equal ones, largest first', () => {
    fc.assert(
      fc.property(
        anyGrid,
        patchSize,
        fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 1 }),
        (grid, size, all) => {
          const tiling = layTiles(grid.shape, size, 0.5);
          const weights = patchWeights(grid, tiling);
          const largest = new LargestPatches();
          const seen: { index: number; distance: number; weight: number; centre: Triple }[] = [];
          for (const patch of distancesOf(grid, tiling, (i) => all[i % all.length])) {
            const { index, distance, tile } = patch;
            largest.push(patch, weights[index]);
            seen.push({ index, distance, weight: weights[index], centre: patchCentre(grid, tiling, tile) });
          }
          const wanted = seen.sort((a, b) => b.distance - a.distance || a.index - b.index).slice(0, 5);
          expect(largest.patches).toMatchObject(wanted);
          expect(largest.patches.length).toBe(wanted.length);
        },
      ),
    );
  });
});
