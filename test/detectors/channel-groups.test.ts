import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitChannelGroups, groupSizes, openChannelGroups } from '../../src/detectors/channel-groups.js';
import { fitGaussian } from '../../src/detectors/fit-gaussian.js';
import { squaredDistance } from '../../src/detectors/gaussian.js';
import { openBlas } from '../../src/network/inference/blas.js';
import { inBlocks } from '../support/blocks.js';

/** Rows [n,c] of numbers that look like chance. */
const rowsOf = (n: number, c: number) =>
  Float32Array.from({ length: n * c }, (_, i) => Math.sin((i + 1) ** 2) * (1 + (i % c)) + (i % c));

const entriesOf = (rows: Float32Array, n: number, c: number) =>
  async function* () {
    for await (const block of inBlocks(rows, n, c, 7)) yield { means: block.rows as Float32Array, n: block.n, c };
  };

describe('the groups of channels', () => {
  it('are eight of neighbours, as equal as can be, and more where they would be large', () => {
    expect(groupSizes(320)).toEqual(new Array(8).fill(40));
    expect(groupSizes(20)).toEqual([2, 3, 2, 3, 2, 3, 2, 3]);
    expect(groupSizes(3)).toEqual([1, 1, 1]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (channels) => {
        const sizes = groupSizes(channels);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(channels);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
      }),
    );
  });

  it('have each the Mahalanobis distance of its own channels, and its mean and deviation over the training patches', async () => {
    const [n, c, sizes] = [40, 5, [2, 3]] as const;
    const rows = rowsOf(n, c);
    const blas = await openBlas();
    const tensors = (await fitChannelGroups(entriesOf(rows, n, c), sizes, { blas }))!;
    expect(Object.keys(tensors).every((name) => name.startsWith('groups.'))).toBe(true);
    const { training, distances } = openChannelGroups({ ...tensors, mean: tensors['groups.mean.0'] }, sizes);
    for (const [g, [from, to]] of [
      [0, 2],
      [2, 5],
    ].entries() as IterableIterator<[number, [number, number]]>) {
      const cut = Float32Array.from(
        { length: n * (to - from) },
        (_, i) => rows[Math.floor(i / (to - from)) * c + from + (i % (to - from))],
      );
      const gaussian = await fitGaussian(() => inBlocks(cut, n, to - from, 9), { estimator: 'ledoit-wolf', blas });
      const all = Array.from({ length: n }, (_, p) => distances(rows.subarray(p * c, (p + 1) * c))[g]);
      for (const [p, found] of all.entries())
        expect(found).toBeCloseTo(squaredDistance(gaussian, cut.subarray(p * (to - from), (p + 1) * (to - from))), 9);
      const mean = all.reduce((sum, d) => sum + d, 0) / n;
      expect(training[g].mean).toBeCloseTo(mean, 9);
      expect(training[g].deviation).toBeCloseTo(Math.sqrt(all.reduce((sum, d) => sum + (d - mean) ** 2, 0) / n), 9);
    }
  });

  it('are not kept where one of them never varies, and let the fit go on', async () => {
    const rows = rowsOf(10, 4).map((value, i) => (i % 4 < 2 ? 7 : value));
    expect(await fitChannelGroups(entriesOf(rows, 10, 4), [2, 2], { blas: await openBlas() })).toBeNull();
  });

  it('are refused where they are not those that detector.json names', async () => {
    const tensors = (await fitChannelGroups(entriesOf(rowsOf(9, 4), 9, 4), [2, 2], { blas: await openBlas() }))!;
    expect(() => openChannelGroups(tensors, [4])).toThrow(
      'its groups have 4 channels, and detector.json says 4 in 1 groups',
    );
    expect(() => openChannelGroups({}, [4])).toThrow('it lacks the tensor scale');
  });
});
