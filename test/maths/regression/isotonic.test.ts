import { describe, expect, it } from 'vitest';
import { isotonicRegression, risingAt } from '../../../src/maths/regression/isotonic.js';
import { qualityFixture } from '../../support/quality.js';

describe('isotonicRegression', () => {
  it('is scikit-learn’s, with weights, ties and beyond the ends', () => {
    const { x, y, weight, at, value } = qualityFixture.isotonic;
    const curve = isotonicRegression(x.map((_, i) => ({ x: x[i], y: y[i], weight: weight[i] })));
    expect(at.map((place) => risingAt(curve, place))).toEqual(value.map((v) => expect.closeTo(v, 10)));
  });

  it('of one point is constant', () => {
    const curve = isotonicRegression([{ x: 0.5, y: 0.7, weight: 1 }]);
    expect([0, 0.5, 1].map((place) => risingAt(curve, place))).toEqual([0.7, 0.7, 0.7]);
  });
});
