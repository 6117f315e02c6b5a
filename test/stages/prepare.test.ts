import { Readable } from 'node:stream';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { ChannelStatistics, Grid, Slice, Triple } from '../../src/chunks.js';
import type { PlanChannel } from '../../src/plan.js';
import { normalise } from '../../src/stages/normalise.js';
import { resample } from '../../src/stages/resample.js';
import { gridOf, scanOf } from '../support/grids.js';
import { gather } from '../support/preprocess.js';

const ct: PlanChannel = {
  name: 'CT',
  scheme: 'CTNormalization',
  useNonzeroMask: false,
  intensity: { mean: 0, std: 2, percentile005: -10, percentile995: 10 },
};
const none: PlanChannel = { name: 'PET', scheme: 'NoNormalization', useNonzeroMask: false };
const zscore: PlanChannel = { name: 'MR', scheme: 'ZScoreNormalization', useNonzeroMask: false };
const resampling = { order: 3, orderZ: 0, forceSeparateZ: null } as const;

function* slices(grid: Grid, value: (z: number, i: number) => number): Generator<Slice> {
  const [depth, height, width] = grid.shape;
  for (let z = 0; z < depth; z++) {
    const data = Float32Array.from({ length: grid.channels * height * width }, (_, i) => value(z, i));
    yield { grid, z, data: ndarray(data, [grid.channels, height, width]) };
  }
}

/**
 * A step from -1000 to 1000 in the middle of the depth: a cubic spline overshoots on both sides of
 * it.
 */
const step = (depth: number) => (z: number) => (z < depth / 2 ? -1000 : 1000);
const source = (grid: Grid, value: (z: number, i: number) => number) =>
  Readable.from(slices(grid, value), { highWaterMark: 1 });

describe('a scan that was not spooled', () => {
  const grid = gridOf(scanOf([40, 6, 6]));

  it('is clipped to what its plan allows where it is a CT', async () => {
    const plan = { channels: [ct], spacing: [0.7, 0.7, 0.7] as Triple, resampling };
    const result = await gather([source(grid, step(40)), normalise({ plan }), resample({ plan })]);
    expect(result.grid.statistics).toBeUndefined();
    expect(Math.max(...result.data)).toBe(5);
    expect(Math.min(...result.data)).toBe(-5);
  });

  it('is not clipped where nothing says to what', async () => {
    const plan = { channels: [none], spacing: [0.7, 0.7, 0.7] as Triple, resampling };
    const result = await gather([source(grid, step(40)), normalise({ plan }), resample({ plan })]);
    expect(Math.max(...result.data)).toBeGreaterThan(1050);
  });

  it('is refused where the plan turns its axes', async () => {
    const run = (plan: Parameters<typeof normalise>[0]['plan']) =>
      gather([source(grid, step(40)), normalise({ plan })]);
    const asStored = { channels: [ct], reader: 'as-stored', transposeForward: [0, 1, 2] } as const;
    // This scan's axes are RAS already.
    for (const reader of ['as-stored', 'ras'] as const)
      await expect(run({ ...asStored, reader })).resolves.toBeTruthy();
    await expect(run({ ...asStored, transposeForward: [0, 2, 1] })).rejects.toMatchObject({ code: 'plan-unsupported' });
    const affine = [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const turned = gridOf({ ...scanOf([2, 2, 2]), affine });
    const ras = { ...asStored, reader: 'ras' } as const;
    await expect(gather([source(turned, () => 1), normalise({ plan: ras })])).rejects.toMatchObject({
      code: 'plan-unsupported',
    });
  });

  it('cannot be standardised by itself', async () => {
    const plan = { channels: [zscore] };
    await expect(gather([source(grid, step(40)), normalise({ plan })])).rejects.toMatchObject({
      code: 'plan-unsupported',
      message:
        'case: ZScoreNormalization of channel "MR" needs the statistics of the whole scan before its first voxel; run it with the spool stage (`spool`).',
    });
  });
});

describe('normalise', () => {
  it('leaves the slices that it was given as they were', async () => {
    const given = [...slices(gridOf(scanOf([2, 2, 2])), () => 4)];
    const { data } = await gather([Readable.from(given), normalise({ plan: { channels: [ct] } })]);
    expect([...data]).toEqual(new Array(8).fill(2));
    for (const slice of given) expect([...slice.data.data]).toEqual([4, 4, 4, 4]);
  });

  it('takes a view that is not in C order', async () => {
    const grid = gridOf(scanOf([1, 2, 3]));
    const transposed = ndarray(Float32Array.of(0, 2, 4, 6, 8, 10), [1, 3, 2]).transpose(0, 2, 1);
    const { data } = await gather([
      Readable.from([{ grid, z: 0, data: transposed }]),
      normalise({ plan: { channels: [ct] } }),
    ]);
    expect([...data]).toEqual([0, 2, 4, 1, 3, 5]);
  });

  it('refuses a scan with other channels than the plan', async () => {
    const run = gather([source(gridOf(scanOf([2, 2, 2])), () => 1), normalise({ plan: { channels: [ct, zscore] } })]);
    await expect(run).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: 'case: has 1 channel(s), the plan wants 2 (CT, MR); join one file a channel (the join stage).',
    });
  });
});

it('refuses to normalise inside a non-zero mask that no stage made', async () => {
  const plan = { channels: [{ ...ct, useNonzeroMask: true }], order: 'resample-first' as const };
  await expect(gather([source(gridOf(scanOf([2, 3, 3])), () => 1), normalise({ plan })])).rejects.toMatchObject({
    code: 'plan-unsupported',
    message: expect.stringMatching(/^case: channel "CT" is normalised inside the non-zero mask, .*\.$/),
  });
});

describe('resample', () => {
  const known: ChannelStatistics = { min: -1, max: 1, mean: 0, std: 1 };

  it('hands the very same slices on where the shape stays', async () => {
    const grid = gridOf(scanOf([3, 4, 4]), { statistics: [known] });
    const given = [...slices(grid, (z) => z)];
    const taken: Slice[] = [];
    const stage = resample({ plan: { channels: [none], spacing: [1.01, 1, 1], resampling } });
    for await (const slice of Readable.from(given).pipe(stage)) taken.push(slice);
    expect(taken).toHaveLength(3);
    for (const [z, slice] of taken.entries()) expect(slice).toBe(given[z]);
  });

  it('describes the grid that it makes', async () => {
    const grid = gridOf({ ...scanOf([10, 8, 8]), spacing: [4, 1, 1] }, { spacing: [4, 1, 1], statistics: [known] });
    const plan = { channels: [none], spacing: [3.9, 0.8, 1] as Triple, resampling };
    const result = await gather([source(grid, (z) => z / 10), resample({ plan })]);
    expect(result.grid).toMatchObject({ shape: [10, 10, 8], spacing: [3.9, 0.8, 1], separateAxis: 0, box: grid.box });
    expect(result.grid.statistics).toBeUndefined();
  });

  it('refuses a scan too thin for the spacing, slices out of order and an early end', async () => {
    const plan = { channels: [none], spacing: [9, 1, 1] as Triple, resampling };
    const grid = gridOf(scanOf([4, 3, 3]));
    await expect(gather([source(grid, () => 1), resample({ plan })])).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: 'case: resampled to 9 x 1 x 1 mm it would be 0 x 3 x 3 voxels; the scan is too thin for this model.',
    });
    const good = { ...plan, spacing: [1.5, 1, 1] as Triple };
    const all = [...slices(grid, () => 1)];
    const run = (some: Slice[]) => gather([Readable.from(some), resample({ plan: good })]);
    await expect(run([all[0], all[2]])).rejects.toMatchObject({ code: 'scan-unsuitable' });
    await expect(run(all.slice(0, 3))).rejects.toMatchObject({ code: 'truncated' });
  });
});
