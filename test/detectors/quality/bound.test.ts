import { describe, expect, it } from 'vitest';
import { boundKindOf, levelOf, lowerBound, partOf, rankOf } from '../../../src/detectors/quality/bound.js';
import { fitKind, type QualityCase } from '../../../src/detectors/quality/learn.js';
import { passOf, qualityFixture } from '../../support/quality.js';

const { alpha, aside, few, confidence, dice, at, split, jackknife } = qualityFixture.bounds;
const cases = confidence.map((c, i): QualityCase => ({ case: `case-${i}`, passes: [passOf(c, dice[i])] }));
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 9));

describe('lowerBound', () => {
  it('is MAPIE’s and crepes’ by split conformal', () => {
    const part = partOf(
      fitKind(cases.slice(aside), 'isotonic'),
      cases.slice(0, aside).map(({ passes }) => passes[0]),
    );
    const found = at.map((c) => lowerBound({ kind: 'split', alpha, parts: [part] }, passOf(c, 0).signals)?.[0]);
    expect(found).toEqual(close(split.crepes));
    expect(found).toEqual(close(split.mapie));
  });

  it('is MAPIE’s by the jackknife+', () => {
    const own = cases.slice(0, few);
    const parts = own.map((c) =>
      partOf(
        fitKind(
          own.filter((other) => other !== c),
          'isotonic',
        ),
        [c.passes[0]],
      ),
    );
    const found = at.map((c) => lowerBound({ kind: 'jackknife+', alpha, parts }, passOf(c, 0).signals)?.[0]);
    expect(found).toEqual(close(jackknife));
  });

  it('is none where the units are too few', () => {
    const own = cases.slice(0, 8);
    const parts = own.map((c) => partOf(fitKind(own, 'isotonic'), [c.passes[0]]));
    expect(lowerBound({ kind: 'jackknife+', alpha, parts }, passOf(0.5, 0).signals)).toBeNull();
  });
});

describe('what is guaranteed', () => {
  it('counts the ranks that decimals blur', () => {
    expect([rankOf(0.1, 8), rankOf(0.1, 9), rankOf(0.1, 29), rankOf(0.05, 19)]).toEqual([0, 1, 3, 1]);
  });

  it('is 1 - alpha of a split, from 38 scans on, and 1 - 2 alpha of the jackknife+', () => {
    expect([8, 9, 37, 38].map((n) => boundKindOf(n, 0.1))).toEqual([null, 'jackknife+', 'jackknife+', 'split']);
    expect(boundKindOf(38, 0.02)).toBeNull();
    expect(boundKindOf(60, 0.02)).toBe('jackknife+');
    expect(boundKindOf(98, 0.02)).toBe('split');
    expect([levelOf({ kind: 'split', alpha: 0.1 }), levelOf({ kind: 'jackknife+', alpha: 0.1 })]).toEqual([0.9, 0.8]);
  });
});
