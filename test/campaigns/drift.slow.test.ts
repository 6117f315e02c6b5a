import { expect, it } from 'vitest';
import { delays, falseAlarms, quantile } from '../../campaigns/drift.js';

it('few streams without a shift raise an alarm, and many do where ranks are of the calibration scans alone', () => {
  const { ours, naive } = falseAlarms({ streams: 400, looks: 500, calibration: 19 });
  // At most 4 are expected. More than 10 of 400 come once in 300 times at a rate of 1 %.
  expect(ours).toBeLessThanOrEqual(10);
  expect(naive).toBeGreaterThan(80);
});

it('a shift is noticed, the sooner the larger it is', () => {
  const found = [1, 2].map((shift) => delays({ streams: 100, looks: 500, calibration: 40, shift, after: 100 }));
  const medians = found.map((values) => quantile(values, 0.5));
  // 34 and 12 in the simulation by which the bets were chosen, in numpy.
  expect(medians[0]).toBeGreaterThan(25);
  expect(medians[0]).toBeLessThan(45);
  expect(medians[1]).toBeGreaterThan(8);
  expect(medians[1]).toBeLessThan(17);
});

it('a shift that the calibration scans are too few for is not noticed in most streams', () => {
  const found = delays({ streams: 100, looks: 300, calibration: 19, shift: 0.5, after: 0 });
  expect(quantile(found, 0.5)).toBe(Number.POSITIVE_INFINITY);
});

it('a quantile is one of the values', () => {
  expect([0.1, 0.5, 0.51, 0.9].map((q) => quantile([4, 1, 3, 2], q))).toEqual([1, 2, 3, 4]);
});
