import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate, describeLevel, uncertaintyOf, verdictOf } from '../../src/detectors/calibration.js';

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

describe('describeLevel', () => {
  it('promises 95 % from 19 scans on and says what fewer support', () => {
    expect(describeLevel(19)).toMatch(/^Calibrated on 19 scans: at least 95 %/);
    expect(describeLevel(18)).toMatch(/too few for 95 %.* 94\.7 %.*19 scans are needed/);
    expect(describeLevel(1)).toMatch(/^Calibrated on 1 scan, .* 50 %/);
  });
});
