import { describe, expect, it } from 'vitest';
import { median, weightedQuantile } from '../../../src/maths/regression/quantile.js';

describe('quantiles', () => {
  it('take the middle, or the mean of two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('take the first value that holds enough of the weight', () => {
    const values = [3, 1, 2].map((value) => ({ value, weight: value }));
    expect([0.1, 1 / 6, 0.2, 0.5, 0.51, 1].map((share) => weightedQuantile(values, share))).toEqual([1, 1, 2, 2, 3, 3]);
  });
});
