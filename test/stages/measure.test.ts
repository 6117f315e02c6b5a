import { Readable } from 'node:stream';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Grid, Slice } from '../../src/chunks.js';
import { measure } from '../../src/stages/measure.js';
import { countsDescriptors, expectFileGivenBack } from '../support/descriptors.js';
import { gridOf, scanOf } from '../support/grids.js';
import { mr } from '../support/plans.js';
import { gather } from '../support/preprocess.js';

/** Two slices of 1x2 in two channels, with or without a mask. */
function slicesOf(grid: Grid, masked: boolean): Slice[] {
  const data = [
    [1, 2, 10, 20],
    [3, 6, 30, 60],
  ];
  const masks = [
    [1, 0],
    [1, 1],
  ];
  return data.map((values, z) => ({
    grid,
    z,
    data: ndarray(Float32Array.from(values), [2, 1, 2]),
    ...(masked && { nonzero: ndarray(Uint8Array.from(masks[z]), [1, 2]) }),
  }));
}

describe('measure', () => {
  const grid = gridOf(scanOf([2, 1, 2]), { channels: 2 });

  it('adds the statistics of every channel, over the grid and inside the mask', async () => {
    const { grid: measured, ...volume } = await gather([Readable.from(slicesOf(grid, true)), measure()]);
    expect([...volume.data]).toEqual([1, 2, 3, 6, 10, 20, 30, 60]);
    expect([...volume.nonzero!]).toEqual([1, 0, 1, 1]);
    // numpy: np.std([1, 2, 3, 6]), np.std([1, 3, 6])
    const [first, second] = measured.statistics!;
    expect(first).toMatchObject({ min: 1, max: 6, mean: 3 });
    expect(first!.std).toBeCloseTo(1.8708286933869707, 12);
    expect(first!.nonzero!.mean).toBeCloseTo(10 / 3, 12);
    expect(first!.nonzero!.std).toBeCloseTo(2.0548046676563256, 12);
    expect(second).toMatchObject({ min: 10, max: 60, mean: 30, nonzero: { min: 10, max: 60 } });
  });

  it('goes without a mask where there is none', async () => {
    const { grid: measured, nonzero } = await gather([Readable.from(slicesOf(grid, false)), measure()]);
    expect(nonzero).toBeNull();
    expect(measured.statistics![0].nonzero).toBeUndefined();
  });

  it('measures percentiles and what is clipped to them, where a channel asks for that', async () => {
    const clip = { ...mr, clipPercentiles: [25, 75] } as const;
    const run = measure({ plan: { channels: [mr, clip] } });
    const { grid: measured, data } = await gather([Readable.from(slicesOf(grid, true)), run]);
    expect([...data]).toEqual([1, 2, 3, 6, 10, 20, 30, 60]);
    const [first, second] = measured.statistics!;
    expect(first).not.toHaveProperty('clipped');
    // numpy: np.percentile([10, 20, 30, 60], [25, 75]) is 17.5 and 37.5; of 17.5, 20, 30, 37.5 the
    // mean is 26.25 and the deviation 8.00390529679106.
    expect(second!.clipped).toMatchObject({ low: 17.5, high: 37.5, mean: 26.25 });
    expect(second!.clipped!.std).toBeCloseTo(8.00390529679106, 12);
    expect(second).toMatchObject({ min: 10, max: 60, mean: 30 });
  });

  it('passes on what has been measured, as it is', async () => {
    const statistics = [0, 1].map(() => ({ min: 0, max: 1, mean: 0.25, std: 2 }));
    const known = slicesOf({ ...grid, statistics }, false);
    expect((await gather([Readable.from(known), measure()])).grid).toBe(known[0].grid);
  });

  it('refuses a grid that ends early', async () => {
    const first = slicesOf(grid, true).slice(0, 1);
    await expect(gather([Readable.from(first), measure()])).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: only 1 of 2 slices reached the measure stage.',
    });
  });

  it.runIf(countsDescriptors)('gives its temporary file back when it is destroyed half-way', async () => {
    await expectFileGivenBack(measure(), slicesOf(grid, false)[0]);
  });
});
