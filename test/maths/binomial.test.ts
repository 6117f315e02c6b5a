import { describe, expect, it } from 'vitest';
import { binomialAtMost } from '../../src/maths/binomial.js';
import fixture from '../fixtures/calibration.json' with { type: 'json' };

describe('binomialAtMost', () => {
  it.each(fixture.beta)('is scipy’s beta.sf: n = %d, level %f, k = %d, share %f', (...row) => {
    const [n, , k, share, expected] = row as [number, number, number, number, number];
    const found = binomialAtMost(n - k, n, share);
    // Below 1e-300 scipy's own value is not to be trusted to the last digit.
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * expected + 1e-300);
  });

  it('is certain of at most all', () => {
    expect(binomialAtMost(7, 7, 0.3)).toBe(1);
  });
});
