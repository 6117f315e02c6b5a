import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentilesOf } from '../../../src/maths/volume/percentiles.js';

/** What numpy.percentile makes of float32 values as float64: test/oracle/plan_file.py. */
const { percentiles } = JSON.parse(
  readFileSync(new URL('../../fixtures/plan-file/numbers.json', import.meta.url), 'utf8'),
) as { percentiles: { name: string; values: number[]; percents: number[]; expected: number[] }[] };

describe('percentilesOf', () => {
  it.each(percentiles.map((c) => [c.name, c] as const))("is numpy's: %s", async (_, { values, percents, expected }) => {
    expect(await percentilesOf(() => [Float32Array.from(values)], percents)).toEqual(expected);
  });

  it('interpolates between order statistics', async () => {
    const read = () => [Float32Array.of(4, -3, 0, 10)];
    // Ranks .75, 1.5 and 3 of -3, 0, 4, 10.
    expect(await percentilesOf(read, [25, 50, 100])).toEqual([-0.75, 2, 10]);
  });

  it('takes one value, and equal values', async () => {
    expect(await percentilesOf(() => [Float32Array.of(7)], [0.5, 99.5])).toEqual([7, 7]);
    expect(await percentilesOf(() => [new Float32Array(5).fill(-2)], [10, 50])).toEqual([-2, -2]);
  });

  it('does not depend on how the values are cut and ordered, and is what sorting gives', async () => {
    const value = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 1, -1024));
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.double({ min: 0, max: 100, noNaN: true }),
        async (values, cut, percent) => {
          const all = Float32Array.from(values);
          const at = cut % (all.length + 1);
          const pieces = [all.subarray(at), all.subarray(0, at)];
          const [found] = await percentilesOf(() => pieces, [percent]);
          const sorted = all.slice().sort();
          const rank = (percent / 100) * (all.length - 1);
          const [low, high] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
          const expected = low + (rank - Math.floor(rank)) * (high - low);
          expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-12 * (Math.abs(low) + Math.abs(high)));
        },
      ),
    );
  });
});
