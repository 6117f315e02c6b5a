import { describe, expect, it } from 'vitest';
import type { LogitSlice } from '../../src/chunks.js';
import { assemble } from '../../src/stages/assemble.js';
import { predict } from '../../src/stages/predict.js';
import { collect } from '../support/streams.js';
import { grid, patches, slowFirst } from '../support/two-patches.js';

const network = slowFirst();

describe('assemble', () => {
  it('is the mean of the patches over a voxel under nnU-Net’s Gaussian', async () => {
    const found = await collect<LogitSlice>(patches(), predict({ predictor: network }), assemble());
    expect(found.map(({ grid: g, z, data }) => [g === grid, z, data.shape])).toEqual([[true, 0, [2, 1, 6]]]);
    // scipy.ndimage.gaussian_filter of a 1 at index 2 of 4, sigma 4/8, over its largest: exp(-2
    // i^2) at i = -2, -1, 0, 1 (nnunetv2 compute_gaussian).
    const w = [Math.exp(-8), Math.exp(-2), 1, Math.exp(-2)] as const;
    const over = (a: number, wa: number, b: number, wb: number) => (a * wa + b * wb) / (wa + wb);
    const expected = [1, 2, over(3, w[2], 11, w[0]), over(4, w[3], 12, w[1]), 13, 14];
    for (const [i, value] of [...expected, ...expected.map((v) => -v)].entries())
      expect(found[0].data.data[i]).toBeCloseTo(value, 2);
  });

  it('misses a patch that did not come', async () => {
    await expect(collect(patches().slice(0, 1), predict({ predictor: network }), assemble())).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: the patches ended before 1 slices of logits were covered.',
    });
    expect(await collect([], assemble())).toEqual([]);
  });
});
