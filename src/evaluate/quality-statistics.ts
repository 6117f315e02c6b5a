import type { Interval } from './bootstrap.js';
import {
  type CalibrationError,
  calibrationErrorOf,
  expectedSegmentationCalibrationError,
} from './calibration-error.js';
import { clopperPearsonInterval } from './proportions.js';
import { type RiskCoverageAreas, riskCoverageAreas } from './risk-coverage.js';

/** A scan with an estimate of its Dice, and the truth. */
export interface EstimatedScan {
  readonly dice: number;
  /** The Dice that is expected. */
  readonly estimate: number;
  /** A lower bound of the Dice; null where none was given. @default null */
  readonly atLeast?: number | null | undefined;
  /** The paper's normalised uncertainty U; null where there is none. @default null */
  readonly uncertainty?: number | null | undefined;
}

/** How often a bound holds. */
export interface BoundCoverage {
  /** Scans that have a bound. */
  readonly n: number;
  readonly covered: number;
  /** null without a bound. */
  readonly coverage: number | null;
  /** Clopper and Pearson's 95 % interval; null without a bound. */
  readonly interval: Interval | null;
}

/** What an estimate of the quality is worth on scans with a truth. */
export interface QualityStatistics {
  readonly n: number;
  readonly meanAbsoluteError: number;
  /** Mean of estimate - Dice: above 0 it promises too much. */
  readonly bias: number;
  readonly bound: BoundCoverage;
  /** Scans are admitted from the highest estimate on, risk = 1 - Dice. */
  readonly failure: RiskCoverageAreas;
  /** ESCE with the estimate as the confidence. */
  readonly calibrationError: CalibrationError;
  /** ESCE with the paper's 1 - U; null where a scan has no U. */
  readonly paperCalibrationError: CalibrationError | null;
}

/** Mean of |estimate - Dice|: sklearn's `mean_absolute_error`. NaN without a scan. */
export const meanAbsoluteError = (scans: readonly EstimatedScan[]): number =>
  mean(scans.map(({ dice, estimate }) => Math.abs(estimate - dice)));

/** How many of the scans that have a lower bound reach it: a Dice that equals its bound does. */
export function boundCoverage(scans: readonly Pick<EstimatedScan, 'dice' | 'atLeast'>[]): BoundCoverage {
  const reached = scans.flatMap(({ dice, atLeast }) => (typeof atLeast === 'number' ? [dice >= atLeast] : []));
  const n = reached.length;
  const covered = reached.filter(Boolean).length;
  return { n, covered, coverage: n > 0 ? covered / n : null, interval: clopperPearsonInterval(covered, n) };
}

/** All of them; null without a scan. */
export function qualityStatistics(scans: readonly EstimatedScan[]): QualityStatistics | null {
  if (scans.length === 0) return null;
  const uncertain = scans.flatMap(({ dice, uncertainty }) =>
    typeof uncertainty === 'number' ? [{ dice, uncertainty }] : [],
  );
  return {
    n: scans.length,
    meanAbsoluteError: meanAbsoluteError(scans),
    bias: mean(scans.map(({ dice, estimate }) => estimate - dice)),
    bound: boundCoverage(scans),
    failure: riskCoverageAreas(scans.map(({ dice, estimate }) => ({ score: -estimate, risk: 1 - dice }))),
    calibrationError: calibrationErrorOf(scans.map(({ dice, estimate }) => ({ dice, confidence: estimate }))),
    paperCalibrationError: uncertain.length === scans.length ? expectedSegmentationCalibrationError(uncertain) : null,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
