import { Readable } from 'node:stream';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Grid, Slice, Triple } from '../../src/chunks.js';
import { normalise } from '../../src/stages/normalise.js';
import { resample } from '../../src/stages/resample.js';
import { gridOf, scanOf } from '../support/grids.js';
import { ct, mr, pet } from '../support/plans.js';
import { gather } from '../support/preprocess.js';

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
    const plan = { channels: [pet], spacing: [0.7, 0.7, 0.7] as Triple, resampling };
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
    const plan = { channels: [mr] };
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
    const run = gather([source(gridOf(scanOf([2, 2, 2])), () => 1), normalise({ plan: { channels: [ct, mr] } })]);
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

it('refuses a scan whose percentiles are one value', async () => {
  const channel = { ...mr, clipPercentiles: [1, 99] } as const;
  const clipped = { low: 0, high: 0, mean: 0, std: 0 };
  const grid = gridOf(scanOf([2, 3, 3]), { statistics: [{ min: 0, max: 9, mean: 1, std: 1, clipped }] });
  await expect(gather([source(grid, () => 0), normalise({ plan: { channels: [channel] } })])).rejects.toMatchObject({
    code: 'scan-unsuitable',
    message: expect.stringMatching(/^case: the percentiles 1 and 99 of channel "MR", which .* are both 0: .*\.$/),
  });
});
