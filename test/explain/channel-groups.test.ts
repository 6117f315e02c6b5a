import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupDistances, type MeansBlock, trainingChannels } from '../../src/explain/channel-groups.js';
import expected from '../fixtures/explain.json' with { type: 'json' };

/** Rows [n,c], a few at a time. */
const blocksOf = (rows: readonly number[], c: number, size: number) =>
  async function* (): AsyncGenerator<MeansBlock> {
    for (let at = 0; at < rows.length; at += size * c) {
      const means = Float32Array.from(rows.slice(at, at + size * c));
      yield { means, n: means.length / c, c };
    }
  };

describe('the groups of channels', () => {
  const { training, patches, weights, mean, deviation, groups } = expected.channels;

  it('are as far from the training patches as numpy says, without the channel that never varied', () => {
    const distances = Array.from({ length: 6 }, (_, p) =>
      groupDistances({ mean, deviation, groups }, Float32Array.from(patches.slice(5 * p, 5 * p + 5))),
    );
    for (const [g, { ratio }] of groups.entries())
      expect(distances.reduce((sum, d, p) => sum + weights[p]! * d[g]!, 0)).toBeCloseTo(ratio, 10);
    expect([...groupDistances({ mean: [7], deviation: [0], groups: [{ channels: 1 }] }, [9])]).toEqual([0]);
  });

  it('are fitted as numpy fits them: five channels are five groups', async () => {
    const fitted = (await trainingChannels(blocksOf(training, 5, 7)))!;
    for (const c of [0, 1, 2, 3, 4]) {
      expect(fitted.mean[c]).toBeCloseTo(mean[c]!, 12);
      expect(fitted.deviation[c]).toBeCloseTo(deviation[c]!, 12);
    }
    expect(fitted.deviation[3]).toBe(0);
    expect(fitted.groups.map(({ channels }) => channels)).toEqual([1, 1, 1, 1, 1]);
  });

  it('are eight of neighbours, as equal as can be, whose distance over the training patches is 1 in the mean', async () => {
    const c = fc.integer({ min: 1, max: 50 });
    await fc.assert(
      fc.asyncProperty(c, fc.integer({ min: 2, max: 12 }), fc.integer({ min: 0, max: 999 }), async (width, n, seed) => {
        const rows = Array.from({ length: n * width }, (_, i) => Math.fround(Math.sin(i * (seed + 1)) * (1 + (i % 7))));
        const fitted = (await trainingChannels(blocksOf(rows, width, 3)))!;
        const sizes = fitted.groups.map(({ channels }) => channels);
        expect(sizes.length).toBe(Math.min(8, width));
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(width);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        fc.pre(fitted.deviation.every((d) => d > 0));
        const sums = new Float64Array(sizes.length);
        const squares = new Float64Array(sizes.length);
        for (let at = 0; at < rows.length; at += width)
          groupDistances(fitted, rows.slice(at, at + width)).forEach((d, g) => {
            sums[g]! += d / n;
            squares[g]! += (d - 1) ** 2 / n;
          });
        for (const [g, { spread }] of fitted.groups.entries()) {
          expect(sums[g]).toBeCloseTo(1, 6);
          expect(Math.sqrt(squares[g]!)).toBeCloseTo(spread, 6);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are not kept where a channel is not a number', async () => {
    expect(await trainingChannels(blocksOf([1, 2, 3, Number.POSITIVE_INFINITY], 2, 1))).toBeNull();
  });
});
