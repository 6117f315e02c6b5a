import { describe, expect, it } from 'vitest';
import { conformalValidity, simulatedValidity } from '../../src/evaluate/conformal-validity.js';

describe('the false alarms of the conformal boundary', () => {
  it.each([
    // The rank of the boundary is min(n, ceil(.95 (n + 1))): 19 of 20, 49 of 51, 96 of 101.
    [19, 1 / 20, 0.05],
    [50, 2 / 51, 0.05],
    [100, 5 / 101, 0.05],
    // Too few for 95 %: the boundary is the largest.
    [9, 1 / 10, 0.1],
  ])('are what the ranks say of %i scans, on data and simulated', (n, expected, promised) => {
    // Skewed, as scores are.
    const scores = Array.from({ length: 200 }, (_, i) => Math.exp(i / 40));
    for (const found of [conformalValidity(scores, { n, seed: 1 })!, simulatedValidity(100, { n, seed: 2 })]) {
      expect(found).toMatchObject({ n, splits: 1000, expected: expect.closeTo(expected, 12) });
      expect(found.promised).toBeCloseTo(promised, 12);
      expect(found.rate).toBeGreaterThan(found.interval.low);
      // Four standard errors: 1.96 of them are half the interval.
      expect(Math.abs(found.rate - expected)).toBeLessThan((4 / 1.96) * (found.interval.high - found.rate));
      expect(found.spread.low).toBeLessThan(expected);
      expect(found.spread.high).toBeGreaterThan(expected);
    }
  });

  it('are not more where scores are equal, and need a scan to test', () => {
    const found = conformalValidity(new Array(60).fill(1), { n: 19, splits: 20 });
    expect(found).toMatchObject({ rate: 0, tested: 41 });
    expect(conformalValidity([1, 2, 3], { n: 3 })).toBeNull();
  });

  it('are the same for the same seed', () => {
    const scores = Array.from({ length: 40 }, (_, i) => (7 * i) % 40);
    const of = (seed: number) => conformalValidity(scores, { n: 19, splits: 50, seed });
    expect(of(3)).toEqual(of(3));
    expect(of(3)).not.toEqual(of(4));
  });
});
