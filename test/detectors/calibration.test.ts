import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate, pValueOf, rankOf, uncertaintyOf, verdictOf } from '../../src/detectors/calibration.js';
import { fractionOf } from '../../src/maths/fraction.js';
import fixture from '../fixtures/calibration.json' with { type: 'json' };

/** Scores n, n-1, … 1: the k-th smallest is k. */
const descending = (n: number) => Array.from({ length: n }, (_, i) => ({ case: `case_${i}`, score: n - i }));

describe('calibrate', () => {
  // By hand from the formulas of DESIGN: ceil(.95 n), min(n, ceil(.95 (n + 1))), min(.95, n / (n +
  // 1)).
  it.each([
    [1, 1, 1, 0.5],
    [4, 4, 4, 0.8],
    [18, 18, 18, 18 / 19],
    [19, 19, 19, 0.95],
    [20, 19, 20, 0.95],
    [38, 37, 38, 0.95],
    [39, 38, 38, 0.95],
    [40, 38, 39, 0.95],
    [59, 57, 57, 0.95],
    [60, 57, 58, 0.95],
    [99, 95, 95, 0.95],
    [100, 95, 96, 0.95],
    [1000, 950, 951, 0.95],
  ])('n = %i: paper %i, conformal %i, level %f', (n, paper, conformal, level) => {
    expect(calibrate(descending(n)).boundary).toEqual({ paper, conformal, level });
  });

  it('sorts the cases and knows the least and the largest', () => {
    const { cases, min, max } = calibrate([
      { case: 'b', score: 3 },
      { case: 'a', score: -1 },
      { case: 'c', score: 2 },
    ]);
    expect(cases.map((c) => c.case)).toEqual(['a', 'c', 'b']);
    expect([min, max]).toEqual([-1, 3]);
  });

  it('refuses nothing and nonsense with a sentence', () => {
    expect(() => calibrate([])).toThrow('There are no scores');
    expect(() => calibrate([{ case: 'x', score: Number.NaN }])).toThrow('x: a score of NaN');
  });

  it('keeps a fresh exchangeable score at the level it states', () => {
    // Each of n + 1 distinct scores is the fresh one equally often: count those at or below the
    // boundary drawn from the other n.
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 60 }),
        (scores) => {
          let kept = 0;
          let level = 0;
          scores.forEach((fresh, left) => {
            const calibration = calibrate(scores.filter((_, i) => i !== left).map((score) => ({ case: '', score })));
            level = calibration.boundary.level;
            if (verdictOf(fresh, calibration) === 'in-distribution') kept++;
          });
          expect(kept / scores.length).toBeGreaterThanOrEqual(level - 1e-12);
        },
      ),
    );
  });
});

describe('uncertaintyOf', () => {
  it.each([
    [10, 0],
    [5, 0],
    [15, 5 / 30],
    [20, 10 / 30],
    [40, 1],
    [100, 1],
  ])('of a score of %f between 10 and 20 is %f', (score, expected) => {
    expect(uncertaintyOf(score, { min: 10, max: 20 })).toBeCloseTo(expected, 15);
  });
  it('is null where 2 max <= min', () => {
    expect(uncertaintyOf(1, { min: 0, max: 0 })).toBeNull();
    expect(uncertaintyOf(1, { min: -4, max: -2 })).toBeNull();
  });
});

describe('verdictOf', () => {
  const calibration = calibrate(descending(20));
  it('is out of distribution above the conformal boundary, not on it', () => {
    expect(verdictOf(20, calibration)).toBe('in-distribution');
    expect(verdictOf(20.0001, calibration)).toBe('out-of-distribution');
  });
});

describe('the level', () => {
  // By hand: min(n, ceil(L (n + 1))).
  it.each([
    [0.9, 9, 9, 0.9],
    [0.9, 19, 18, 0.9],
    [0.57, 99, 57, 0.57],
    [0.07, 99, 7, 0.07],
    [0.99, 50, 50, 50 / 51],
    [0.001, 5, 1, 0.001],
    [1e-7, 5, 1, 1e-7],
  ])('%f of %d scans is the score of rank %d, level %f', (asked, n, rank, level) => {
    const calibration = calibrate(descending(n), asked);
    expect(calibration.boundary).toMatchObject({ conformal: rank, level });
    expect(calibration.level).toBe(asked);
    // What is saved is enough to know the rank again.
    expect(rankOf(calibration.boundary.level, n)).toBe(rank);
  });

  it.each([0, 1, -0.5, 95, Number.NaN])('cannot be %f', (level) => {
    expect(() => calibrate(descending(3), level)).toThrow(`\`level\` is ${level}; give a number above 0 and below 1`);
  });
});

describe('pValueOf', () => {
  it.each(fixture.pValues)('counts and agrees with the verdict as exact arithmetic does: level $level', (row) => {
    const calibration = calibrate(
      row.calibration.map((score) => ({ case: '', score })),
      row.level,
    );
    expect(row.scores.map((score) => pValueOf(score, calibration))).toEqual(row.p);
    const flagged = row.scores.map((score) => verdictOf(score, calibration) === 'out-of-distribution');
    expect(flagged).toEqual(row.flagged);
  });

  it('is at most 1 - level just where the score is above the boundary, ties included', () => {
    const parts = fc.record({
      // Whole numbers of a small range, so that there are ties.
      scores: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 120 }),
      fresh: fc.integer({ min: -1, max: 31 }),
      level: fc.oneof(
        fc.integer({ min: 1, max: 999 }).map((thousandths) => thousandths / 1000),
        fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
      ),
    });
    fc.assert(
      fc.property(parts, ({ scores, fresh, level }) => {
        const n = scores.length;
        const calibration = calibrate(
          scores.map((score) => ({ case: '', score })),
          level,
        );
        const counted = BigInt(1 + scores.filter((score) => score >= fresh).length);
        expect(pValueOf(fresh, calibration)).toBe(Number(counted) / (n + 1));
        // p <= 1 - min(L, n / (n + 1)), over the common denominator.
        const { numerator, denominator } = fractionOf(level);
        const atMostLevel = counted * denominator <= (denominator - numerator) * BigInt(n + 1);
        const isOut = atMostLevel || counted === 1n;
        expect(verdictOf(fresh, calibration)).toBe(isOut ? 'out-of-distribution' : 'in-distribution');
      }),
      { numRuns: 1000 },
    );
  });
});
