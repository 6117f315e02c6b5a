import { describe, expect, it } from 'vitest';
import type { MaskSlice, PatchDistance } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { aggregate } from '../../src/stages/aggregate.js';
import { distancesOf, gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([12, 4, 4]));
/** Patches of 4 slices at 0, 4 and 8: none overlaps another. */
const tiling = layTiles(grid.shape, [4, 4, 4], 1);

describe('aggregate', () => {
  it('gives every slice of the scan, each the distance of the patch that covers it', async () => {
    const found = await collect<MaskSlice>(
      distancesOf(grid, tiling, (i) => [3, 9, 6][i]),
      aggregate(),
    );
    expect(found.map(({ z, count, scan }) => [z, count, scan === grid.scan])).toEqual(
      Array.from({ length: 12 }, (_, z) => [z, 16, true]),
    );
    for (const slice of found) {
      const distance = [3, 9, 6][Math.floor(slice.z / 4)];
      expect(slice.sum).toBeCloseTo(16 * distance, 10);
      for (const value of slice.render()) expect(value).toBeCloseTo(distance, 6);
    }
    expect(found[11]).toMatchObject({ patches: 3, worstPatch: { distance: 9, centre: [2, 2, 6] } });
  });

  it('hands a slice on with the last patch that touches it, and not before', async () => {
    // Patches of 8 slices at 0 and 4: slices 0 to 3 need the first alone.
    const [first, second] = distancesOf(grid, layTiles(grid.shape, [8, 4, 4], 0.5), () => 1);
    const stage = aggregate();
    const slices: number[] = [];
    stage.on('data', ({ z }: MaskSlice) => slices.push(z));
    const write = (patch: PatchDistance) => new Promise((resolve) => stage.write(patch, resolve));
    await write(first);
    expect(slices).toEqual([0, 1, 2, 3]);
    await write(second);
    expect(slices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    stage.destroy();
  });

  it('is 0 outside the crop box, where no patch lies', async () => {
    const cropped = gridOf(scanOf([3, 1, 2]), {
      shape: [1, 1, 1],
      box: { start: [1, 0, 1], stop: [2, 1, 2] },
    });
    const found = await collect<MaskSlice>(
      distancesOf(cropped, layTiles([1, 1, 1], [1, 1, 1], 1), () => 5),
      aggregate(),
    );
    expect(found.map(({ z, count, sum }) => [z, count, sum])).toEqual([
      [0, 0, 0],
      [1, 1, 5],
      [2, 0, 0],
    ]);
    expect(found.map((slice) => [...slice.render()])).toEqual([
      [0, 0],
      [0, 5],
      [0, 0],
    ]);
  });

  it('misses the patches that did not come', async () => {
    const some = [...distancesOf(grid, tiling, () => 1)].slice(0, 1);
    await expect(collect(some, aggregate())).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: the distances ended before 8 slices of the mask were covered.',
    });
    expect(await collect([], aggregate())).toEqual([]);
  });
});
