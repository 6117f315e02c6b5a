import { describe, expect, it } from 'vitest';
import { largestEigenvalue } from '../../../src/maths/linalg/condition.js';

describe('largestEigenvalue', () => {
  it('is within 10 % even where the spectrum is nearly flat', () => {
    const values = Float64Array.from({ length: 2000 }, (_, i) => 1 + i / 1999);
    const estimate = largestEigenvalue((x) => x.map((value, i) => value * values[i]), 2000);
    expect(estimate).toBeGreaterThan(1.8);
    expect(estimate).toBeLessThanOrEqual(2);
  });
});
