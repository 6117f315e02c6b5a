import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Grid, LogitSlice } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { restore } from '../../src/stages/restore.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

describe('restore', () => {
  const plan = { reader: 'as-stored', transposeForward: [0, 1, 2] } as const;
  const segmentation = { resampling: { order: 1, orderZ: 0, forceSeparateZ: null } } as const;
  const ramp = (grid: Grid, classes: number): LogitSlice[] =>
    Array.from({ length: grid.shape[0] }, (_, z) => ({
      grid,
      tiling: layTiles(grid.shape, grid.shape, 1),
      z,
      data: ndarray(
        Float32Array.from({ length: classes * grid.shape[1] * grid.shape[2] }, (_, i) => 100 * z + i),
        [classes, grid.shape[1], grid.shape[2]],
      ),
    }));

  it('interpolates every class to the box, nearest along a separate axis', async () => {
    // 1x1x2 voxels of 8x1x2 mm to 2x1x4 of 4x1x1: z is separate.
    const scan = { ...scanOf([2, 1, 4]), spacing: [4, 1, 1] as const };
    const grid = gridOf(scan, { shape: [1, 1, 2], spacing: [8, 1, 2] });
    const out = await collect<LogitSlice>(ramp(grid, 2), restore({ plan, segmentation }));
    expect(out.map(({ data }) => [...data.data])).toEqual([
      [0, 0.25, 0.75, 1, 2, 2.25, 2.75, 3],
      [0, 0.25, 0.75, 1, 2, 2.25, 2.75, 3],
    ]);
    expect(out[0].grid).toMatchObject({ shape: [2, 1, 4], spacing: [4, 1, 1] });
  });

  it('takes the separate axis that nnU-Net v1 takes', async () => {
    // 2x1x1 voxels of 8x1x1 mm along the scan's [x, z, y]: x is coarse. v1 looks up axis 0 when it
    // has turned back to [z, y, x], so x is interpolated.
    const grid = gridOf(scanOf([1, 1, 16]), {
      axes: [2, 0, 1],
      box: { start: [0, 0, 0], stop: [16, 1, 1] },
      shape: [2, 1, 1],
      spacing: [8, 1, 1],
    });
    const turned = { reader: 'as-stored', transposeForward: [2, 0, 1] } as const;
    const along = async (more: object) => {
      const out = restore({ plan: { ...turned, ...more }, segmentation });
      const slices = await collect<LogitSlice>(ramp(grid, 1), out);
      return slices.map(({ data }) => data.data[0] / 100);
    };
    expect(await along({ order: 'normalise-first' })).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    const line = Array.from({ length: 16 }, (_, i) => Math.min(Math.max((i + 0.5) / 8 - 0.5, 0), 1));
    expect(await along({ order: 'resample-first' })).toEqual(line.map((v) => expect.closeTo(v, 6)));
  });

  it('hands slices on as they are where the shape stays', async () => {
    const slices = ramp(gridOf(scanOf([2, 2, 2])), 1);
    const out = await collect<LogitSlice>(slices, restore({ plan, segmentation }));
    expect(out.map((s) => s.data)).toEqual(slices.map((s) => s.data));
  });

  it('says when slices are missing or out of order', async () => {
    const slices = ramp(gridOf(scanOf([3, 2, 2])), 1);
    const through = (some: LogitSlice[]) => collect(some, restore({ plan, segmentation }));
    await expect(through(slices.slice(0, 2))).rejects.toMatchObject({ code: 'truncated' });
    await expect(through(slices.slice(1))).rejects.toMatchObject({ code: 'scan-unsuitable' });
  });
});
