import { describe, expect, it } from 'vitest';
import { nonNegativeLeastSquares } from '../../../src/maths/regression/nnls.js';
import { qualityFixture } from '../../support/quality.js';

describe('nonNegativeLeastSquares', () => {
  it.each(qualityFixture.nnls.map((system, i) => [i, system] as const))(
    'is scipy’s, system %i',
    (_, { gram, right, x }) => {
      const found = nonNegativeLeastSquares(Float64Array.from(gram), Float64Array.from(right));
      expect(x.some((value) => value === 0) && x.some((value) => value > 0)).toBe(true);
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(x[i], 9);
      });
    },
  );

  it('is all zeros where nothing points up', () => {
    expect([...nonNegativeLeastSquares(Float64Array.of(2, 0, 0, 2), Float64Array.of(-1, 0))]).toEqual([0, 0]);
  });
});
