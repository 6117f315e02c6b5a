import { Readable } from 'node:stream';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { ChannelStatistics, Grid, Slice, Triple } from '../../src/chunks.js';
import type { PlanChannel } from '../../src/plan.js';
import { resample } from '../../src/stages/resample.js';
import { gridOf, scanOf } from '../support/grids.js';
import { pet } from '../support/plans.js';
import { gather } from '../support/preprocess.js';

const resampling = { order: 3, orderZ: 0, forceSeparateZ: null } as const;

function* slices(grid: Grid, value: (z: number, i: number) => number): Generator<Slice> {
  const [depth, height, width] = grid.shape;
  for (let z = 0; z < depth; z++) {
    const data = Float32Array.from({ length: grid.channels * height * width }, (_, i) => value(z, i));
    yield { grid, z, data: ndarray(data, [grid.channels, height, width]) };
  }
}

const source = (grid: Grid, value: (z: number, i: number) => number) =>
  Readable.from(slices(grid, value), { highWaterMark: 1 });

describe('resample', () => {
  const known: ChannelStatistics = { min: -1, max: 1, mean: 0, std: 1 };

  it('hands the very same slices on where the shape stays', async () => {
    const grid = gridOf(scanOf([3, 4, 4]), { statistics: [known] });
    const given = [...slices(grid, (z) => z)];
    const taken: Slice[] = [];
    const stage = resample({ plan: { channels: [pet], spacing: [1.01, 1, 1], resampling } });
    for await (const slice of Readable.from(given).pipe(stage)) taken.push(slice);
    expect(taken).toHaveLength(3);
    for (const [z, slice] of taken.entries()) expect(slice).toBe(given[z]);
  });

  it('describes the grid that it makes', async () => {
    const grid = gridOf({ ...scanOf([10, 8, 8]), spacing: [4, 1, 1] }, { spacing: [4, 1, 1], statistics: [known] });
    const plan = { channels: [pet], spacing: [3.9, 0.8, 1] as Triple, resampling };
    const result = await gather([source(grid, (z) => z / 10), resample({ plan })]);
    expect(result.grid).toMatchObject({ shape: [10, 10, 8], spacing: [3.9, 0.8, 1], separateAxis: 0, box: grid.box });
    expect(result.grid.statistics).toBeUndefined();
  });

  it('refuses a scan too thin for the spacing, slices out of order and an early end', async () => {
    const plan = { channels: [pet], spacing: [9, 1, 1] as Triple, resampling };
    const grid = gridOf(scanOf([4, 3, 3]));
    await expect(gather([source(grid, () => 1), resample({ plan })])).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message:
        'case: resampled to 9 x 1 x 1 mm it would be 0 x 3 x 3 voxels; the scan is too thin for this model, or the voxel size in its header is wrong.',
    });
    const good = { ...plan, spacing: [1.5, 1, 1] as Triple };
    const all = [...slices(grid, () => 1)];
    const run = (some: Slice[]) => gather([Readable.from(some), resample({ plan: good })]);
    await expect(run([all[0], all[2]])).rejects.toMatchObject({ code: 'scan-unsuitable' });
    await expect(run(all.slice(0, 3))).rejects.toMatchObject({ code: 'truncated' });
  });
});

describe('resample, where it comes first', () => {
  const channel: PlanChannel = { name: 'MR', scheme: 'ZScoreNormalization', useNonzeroMask: true };
  const resampling = { order: 3, orderZ: 0, forceSeparateZ: null } as const;

  it('resamples the mask with the voxels, inside from .5 on', async () => {
    // Along x the mask is 1 1 1 0 0 0 0 0. At half the spacing, voxel i lies at x = i / 2 - 1/4:
    // scipy.ndimage.zoom(mask, 2, order=1, grid_mode=True, mode='nearest') gives 1 1 1 1 1 .75 .25
    // 0 …
    const grid = gridOf(scanOf([40, 1, 8]));
    const slices = Array.from({ length: 40 }, (_, z) => ({
      grid,
      z,
      data: ndarray(new Float32Array(8).fill(z), [1, 1, 8]),
      nonzero: ndarray(Uint8Array.from([1, 1, 1, 0, 0, 0, 0, 0]), [1, 8]),
    }));
    const plan = {
      channels: [channel],
      spacing: [1.25, 1, 0.5] as Triple,
      resampling,
      order: 'resample-first' as const,
    };
    const volume = await gather([Readable.from(slices), resample({ plan })]);
    expect(volume.grid.shape).toEqual([32, 1, 16]);
    for (let z = 0; z < 32; z++)
      expect([...volume.nonzero!.subarray(z * 16, (z + 1) * 16)]).toEqual([
        1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      ]);
    const { order: _, ...later } = plan;
    expect((await gather([Readable.from(slices), resample({ plan: later })])).nonzero).toBeNull();
  });

  it('keeps voxels and masks together where the nearest neighbour of a voxel is there before those of its mask', async () => {
    const grid = gridOf(scanOf([4, 1, 2]));
    const slices = Array.from({ length: 4 }, (_, z) => ({
      grid,
      z,
      data: ndarray(new Float32Array(2).fill(z), [1, 1, 2]),
      nonzero: ndarray(Uint8Array.from([1, 0]), [1, 2]),
    }));
    const plan = {
      channels: [channel],
      spacing: [0.5, 1, 1] as Triple,
      resampling: { order: 0, orderZ: 0, forceSeparateZ: false } as const,
      order: 'resample-first' as const,
    };
    const volume = await gather([Readable.from(slices), resample({ plan })]);
    expect([...volume.data]).toEqual([0, 0, 1, 1, 2, 2, 3, 3].flatMap((v) => [v, v]));
    expect([...volume.nonzero!]).toEqual(Array.from({ length: 8 }, () => [1, 0]).flat());
  });
});

describe('resample, to a much finer grid', () => {
  it('makes a slice when it is asked for, and not all that one slice completes', async () => {
    // Twenty slices are fewer than a cubic spline sees, so that the last one completes all 2000.
    const grid = gridOf(scanOf([20, 64, 64]));
    const plan = { channels: [pet], spacing: [0.01, 1, 1] as Triple, resampling };
    const before = process.memoryUsage().arrayBuffers;
    let count = 0;
    for await (const slice of source(grid, (z) => z).pipe(resample({ plan }))) {
      expect(slice.grid.shape).toEqual([2000, 64, 64]);
      // All of them are 33 MB.
      if (count++ === 0) expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4e6);
    }
    expect(count).toBe(2000);
  });
});
