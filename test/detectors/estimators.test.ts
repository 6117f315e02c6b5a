import { describe, expect, it } from 'vitest';
import { type FitFacts, warningsOfFit } from '../../src/detectors/estimators.js';

const codes = (facts: Partial<FitFacts>) =>
  warningsOfFit({ estimator: 'ledoit-wolf', n: 500, d: 100, rank: 100, constant: 0, ...facts }).map(({ code }) => code);

describe('warningsOfFit', () => {
  it('frightens nobody whose estimator is made for few patches, but where there are next to none', () => {
    for (const estimator of ['ledoit-wolf', 'oas'] as const) {
      expect(codes({ estimator, n: 25, rank: 24 })).toEqual([]);
      expect(codes({ estimator, n: 24, rank: 23 })).toEqual(['few-patches']);
    }
  });

  it.each([
    [{ n: 500 }, []],
    [{ n: 499 }, ['few-patches']],
    [{ n: 101, rank: 99 }, ['few-patches', 'rank-deficient']],
    [{ n: 100, rank: 99 }, ['blind-directions']],
    [{ n: 500, constant: 3, rank: 97 }, ['rank-deficient', 'constant-features']],
  ])('says of an empirical covariance what it cannot see: %o', (facts, expected) => {
    expect(codes({ estimator: 'empirical', ...facts })).toEqual(expected);
  });
});
