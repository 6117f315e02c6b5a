import { SegcanaryError } from '../errors.js';
import type { Verdict } from '../results.js';

/**
 * The level that the boundary aims at: 95 % of in-distribution scans at or below it. As a fraction,
 * so that no product of it is rounded.
 */
const NUMERATOR = 19;
const DENOMINATOR = 20;
/** The fewest scans that can support it: n / (n + 1) >= .95. */
const ENOUGH = 19;

export interface CalibrationCase {
  readonly case: string;
  readonly score: number;
}

export interface Boundaries {
  /**
   * The paper's: keeps at least 95 % of the calibration scans themselves. For tables that reproduce
   * the paper.
   */
  readonly paper: number;
  /** Keeps a fresh in-distribution scan with probability `level` or more. The verdict's. */
  readonly conformal: number;
  /** What `conformal` promises with this many scans. */
  readonly level: number;
}

/** Scores of in-distribution scans that the fit has not seen, and what follows from them. */
export interface Calibration {
  /** Ascending by score. */
  readonly cases: readonly CalibrationCase[];
  readonly min: number;
  readonly max: number;
  readonly boundary: Boundaries;
}

/**
 * Draws the boundaries. With s = the n scores in ascending order, counted from 1:
 *
 *   paper = s[ceil(.95 n)], conformal = s[min(n, ceil(.95 (n + 1)))],
 *   level = min(.95, n / (n + 1)).
 *
 * `conformal` is split conformal prediction (Papadopoulos et al. 2002; Angelopoulos and Bates 2021,
 * sec. 1): a fresh scan that is exchangeable with these lies at or below it with at least that
 * probability, whatever the distribution. Below 19 scans it is the largest score.
 * @throws SegcanaryError 'fit-failed' without a case or with a score that is not finite.
 */
export function calibrate(cases: readonly CalibrationCase[]): Calibration {
  const n = cases.length;
  if (n === 0)
    throw new SegcanaryError('fit-failed', 'There are no scores to calibrate with; give in-distribution scans.');
  const bad = cases.find(({ score }) => !Number.isFinite(score));
  if (bad)
    throw new SegcanaryError('fit-failed', `a score of ${bad.score} cannot calibrate; leave the scan out.`, {
      subject: bad.case,
    });
  const sorted = cases
    .map(({ case: name, score }) => ({ case: name, score }))
    .sort((a, b) => a.score - b.score || (a.case < b.case ? -1 : 1));
  const nth = (rank: number) => sorted[rank - 1].score;
  return {
    cases: sorted,
    min: nth(1),
    max: nth(n),
    boundary: {
      paper: nth(Math.ceil((NUMERATOR * n) / DENOMINATOR)),
      conformal: nth(Math.min(n, Math.ceil((NUMERATOR * (n + 1)) / DENOMINATOR))),
      level: Math.min(NUMERATOR / DENOMINATOR, n / (n + 1)),
    },
  };
}

/**
 * clip((score - min) / (2 max - min), 0, 1) over the calibration scores (paper, sec. 2.2); null
 * where 2 max <= min.
 */
export function uncertaintyOf(score: number, { min, max }: Pick<Calibration, 'min' | 'max'>): number | null {
  const width = 2 * max - min;
  return width > 0 ? Math.min(Math.max((score - min) / width, 0), 1) : null;
}

/** Out of distribution iff the score is above the conformal boundary. */
export function verdictOf(score: number, { boundary }: Pick<Calibration, 'boundary'>): Verdict {
  return score > boundary.conformal ? 'out-of-distribution' : 'in-distribution';
}

/** What a boundary drawn from n scans can promise, as a sentence. */
export function describeLevel(n: number): string {
  const scans = n === 1 ? '1 scan' : `${n} scans`;
  if (n >= ENOUGH) {
    return `Calibrated on ${scans}: at least 95 % of scans like them are expected at or below the boundary.`;
  }
  const level = Math.floor((1000 * n) / (n + 1)) / 10;
  return `Calibrated on ${scans}, which is too few for 95 %: the boundary is their largest score and ${level} % of scans like them are expected at or below it; ${ENOUGH} scans are needed for 95 %.`;
}
