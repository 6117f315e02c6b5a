import { SegcanaryError } from '../errors.js';
import { ceilTimes } from '../maths/fraction.js';
import type { Verdict } from '../results.js';

/** The level that a boundary aims at where no other is asked for. */
export const DEFAULT_LEVEL = 0.95;

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
  /** The level that was asked for. @default 0.95, as before it could be asked for */
  readonly level?: number | undefined;
}

/**
 * Draws the boundaries. With s = the n scores in ascending order, counted from 1, and L the level:
 *
 *   paper = s[ceil(.95 n)], conformal = s[min(n, ceil(L (n + 1)))], level = min(L, n / (n + 1)).
 *
 * `conformal` is split conformal prediction (Papadopoulos et al. 2002; Angelopoulos and Bates 2021,
 * sec. 1): a fresh scan that is exchangeable with these lies at or below it with at least that
 * probability, whatever the distribution. Below 19 scans the boundary of 95 % is the largest score.
 *
 * @param level L, as it is written in decimals; 0 < L < 1
 * @throws SegcanaryError 'fit-failed' without a case or with a score that is not finite, 'usage'
 *   for a level that is none
 */
export function calibrate(cases: readonly CalibrationCase[], level: number = DEFAULT_LEVEL): Calibration {
  refuseNoLevel(level);
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
    level,
    boundary: {
      paper: nth(ceilTimes(0.95, n)),
      conformal: nth(rankOf(level, n)),
      level: Math.min(level, n / (n + 1)),
    },
  };
}

/** @throws SegcanaryError `usage` unless 0 < level < 1 */
export function refuseNoLevel(level: number): void {
  if (level > 0 && level < 1) return;
  throw new SegcanaryError('usage', `\`level\` is ${level}; give a number above 0 and below 1, such as 0.95.`, {
    option: 'level',
  });
}

/** The rank of the boundary among n scores, counted from 1: min(n, ceil(level (n + 1))). */
export const rankOf = (level: number, n: number): number => Math.min(n, ceilTimes(level, n + 1));

/**
 * clip((score - min) / (2 max - min), 0, 1) over the calibration scores (paper, sec. 2.2); null
 * where 2 max <= min. It orders scans and is no verdict: scans are foreign at .36 and familiar at
 * .33.
 */
export function uncertaintyOf(score: number, { min, max }: Pick<Calibration, 'min' | 'max'>): number | null {
  const width = 2 * max - min;
  return width > 0 ? Math.min(Math.max((score - min) / width, 0), 1) : null;
}

/** Out of distribution iff the score is above the conformal boundary. */
export function verdictOf(score: number, { boundary }: Pick<Calibration, 'boundary'>): Verdict {
  return score > boundary.conformal ? 'out-of-distribution' : 'in-distribution';
}

/**
 * The conformal p-value of a score, (1 + #{calibration scores >= score}) / (n + 1): a fresh scan
 * that is exchangeable with the calibration scans has one of at most p with probability at most p
 * (Bates et al., Annals of Statistics 2023). The verdict is out-of-distribution iff it is at most
 * 1 - level, in exact arithmetic.
 */
export function pValueOf(score: number, { cases }: Pick<Calibration, 'cases'>): number {
  const atLeast = cases.filter((calibration) => calibration.score >= score).length;
  return (1 + atLeast) / (cases.length + 1);
}
