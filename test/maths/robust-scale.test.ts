import { expect, it } from 'vitest';
import { quantileOf, robustScale, standardised } from '../../src/maths/robust-scale.js';

it('takes quantiles between neighbours as numpy does', () => {
  // numpy.quantile([1, 2, 4, 8], q)
  expect([0, 0.25, 0.5, 1].map((q) => quantileOf([1, 2, 4, 8], q))).toEqual([1, 1.75, 3, 8]);
  expect(quantileOf([1, 2, 4, 8], 0.9)).toBeCloseTo(6.8, 12);
  expect(quantileOf([7], 0.9)).toBe(7);
});

it('is the median, and how far the 90 % quantile lies above it, whatever the tails are like', () => {
  const scale = robustScale([8, 1, 4, 2]);
  expect(scale).toEqual({ centre: 3, deviation: expect.closeTo((6.8 - 3) / 1.2816, 12) });
  expect(standardised(6.8, scale)).toBeCloseTo(1.2816, 12);
  expect(robustScale([-1e9, 1, 2, 3, 4])).toEqual(robustScale([0, 1, 2, 3, 4]));
});

it('never divides by 0', () => {
  expect(robustScale([5, 5, 5]).deviation).toBe(1e-6);
  expect(robustScale([5, 5, 5], 0.5).deviation).toBe(0.5);
});
