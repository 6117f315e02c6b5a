import { describe, expect, it } from 'vitest';
import { percentileInterval, stratifiedResamples } from '../../src/evaluate/bootstrap.js';

describe('the bootstrap', () => {
  it('is seeded, stratified and paired', () => {
    const draw = (seed: number) => [...stratifiedResamples([3, 2], 50, seed)];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    for (const [first, second] of draw(1)) {
      expect([first!.length, second!.length]).toEqual([3, 2]);
      expect([...first!, ...second!].every((i) => i >= 0 && i < 3)).toBe(true);
    }
  });

  it('has percentile intervals as numpy.quantile, without what is not defined', () => {
    // numpy.quantile([1, 2, 4, 8, 16], [.025, .975])
    expect(percentileInterval([16, 1, Number.NaN, 4, 2, 8])).toEqual({
      low: expect.closeTo(1.1, 12),
      high: expect.closeTo(15.2, 12),
    });
    expect(percentileInterval([Number.NaN])).toBeNull();
  });
});
