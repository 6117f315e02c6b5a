import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceilTimes, floorTimes, fractionOf } from '../../src/maths/fraction.js';

describe('fractionOf', () => {
  it.each([
    [0.95, 95n, 100n],
    [1, 1n, 1n],
    [1e-7, 1n, 10_000_000n],
    [1.25e-7, 125n, 1_000_000_000n],
    [1e21, 10n ** 21n, 1n],
    [-0.5, -5n, 10n],
  ])('of %f', (x, numerator, denominator) => {
    expect(fractionOf(x)).toEqual({ numerator, denominator });
  });
});

describe('floorTimes', () => {
  it('does not round down where a product of doubles would', () => {
    // 0.29 * 100 is 28.999999999999996 in doubles.
    for (let hundredths = 1; hundredths < 100; hundredths++) expect(floorTimes(hundredths / 100, 100)).toBe(hundredths);
    expect([floorTimes(0.1, 9), floorTimes(0.1, 30), floorTimes(0.05, 20)]).toEqual([0, 3, 1]);
  });
});

describe('ceilTimes', () => {
  it('does not round up where a product of doubles would', () => {
    // 0.07 * 100 and 0.57 * 100 are above 7 and 57 in doubles, or below.
    for (let hundredths = 1; hundredths < 100; hundredths++)
      for (const n of [1, 19, 20, 39, 59, 100, 10_000])
        expect(ceilTimes(hundredths / 100, n)).toBe(Number((BigInt(hundredths) * BigInt(n) + 99n) / 100n));
  });

  it('is the least whole number that is not below the product', () => {
    const parts = fc.record({ x: fc.double({ min: 1e-6, max: 1, noNaN: true }), n: fc.nat(1e6) });
    fc.assert(
      fc.property(parts, ({ x, n }) => {
        const { numerator, denominator } = fractionOf(x);
        const found = BigInt(ceilTimes(x, n));
        expect(found * denominator >= numerator * BigInt(n)).toBe(true);
        expect((found - 1n) * denominator < numerator * BigInt(n)).toBe(true);
      }),
    );
  });
});
