import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pearson, ranks, spearman } from '../../src/evaluate/correlation.js';
import { cases } from '../support/metrics.js';

const near = (x: number) => expect.closeTo(x, 11);

describe.each(cases)('against the reference tools', (found) => {
  it('correlates as scipy does', () => {
    // numpy's round, half to even.
    const rounded = (values: number[]) => values.map((v) => Number(v.toFixed(found.roundedTo)));
    expect(pearson(found.score, found.risk)).toEqual(near(found.pearson));
    expect(spearman(rounded(found.score), rounded(found.risk))).toEqual(near(found.spearman));
  });
});

describe('properties', () => {
  const scores = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 30 });

  it('ranks sum to n (n + 1) / 2', () => {
    fc.assert(
      fc.property(scores, (values) => {
        expect(ranks(values).reduce((sum, r) => sum + r, 0)).toBe((values.length * (values.length + 1)) / 2);
      }),
    );
  });
});
