import { type Calibration, calibrate, uncertaintyOf } from '../detectors/calibration.js';
import { type CalibrationError, expectedSegmentationCalibrationError } from './calibration-error.js';
import type { CohortCase } from './cohort.js';
import { pearson, spearman } from './correlation.js';
import {
  auroc,
  averagePrecision,
  boundaryKeeping,
  detectionError,
  falsePositiveRate,
  type Rejections,
  rejectionsAt,
} from './ranking.js';
import { type RiskCoverageAreas, riskCoverageAreas } from './risk-coverage.js';

/** A scan with one detector's score. */
export interface ScoredCase extends Pick<CohortCase, 'case' | 'split' | 'group' | 'shift' | 'dataset'> {
  /** Higher is more suspicious. */
  readonly score: number;
  /** Mean over the foreground labels; null without a truth. */
  readonly dice: number | null;
  /** Voxels of the whole scan. */
  readonly voxels: number;
}

/** What a boundary does on the test scans. */
export interface AtBoundary extends Rejections {
  readonly boundary: number;
  readonly detectionError: number;
  readonly fpr: number;
}

/** What follows for the segmentations from what a boundary admits. */
export interface Consequences {
  /** Test scans at or below the boundary. sd with divisor n, as the paper's. */
  readonly admitted: {
    readonly n: number;
    readonly coverage: number;
    readonly diceMean: number | null;
    readonly diceSd: number | null;
  };
  /** Admitted with a Dice below tau. */
  readonly silentFailures: readonly string[];
  /** Flagged with a Dice of tau or more; without a truth, flagged although in-distribution. */
  readonly falseAlarms: readonly string[];
}

/** Scans that changed and are still segmented well: no part of any other figure. */
export interface ShiftedId {
  readonly n: number;
  /** Flagged at the conformal boundary: false alarms. */
  readonly flagged: readonly string[];
  /** Flagged at the paper's boundary. */
  readonly flaggedByPaper: readonly string[];
  /** Mean Dice of those with a truth; null without any. */
  readonly dice: number | null;
}

/**
 * Everything that is said about one detector on a cohort. null where the cohort does not say
 * enough.
 */
export interface Judgement extends Consequences {
  readonly calibration: Calibration;
  /**
   * At the conformal boundary that `calibrate` draws from the validation scans: the verdicts that
   * `score` gives.
   */
  readonly conformal: AtBoundary & Consequences;
  /**
   * At the boundary that keeps 95 % of the validation scans: the paper's, and so is what is
   * admitted, silent or alarmed beside it.
   */
  readonly validation: AtBoundary;
  /**
   * At the boundary that keeps 95 % of the ID test scans (OpenOOD's): it has seen the test. Its FPR
   * is FPR@95TPR.
   */
  readonly testRoc: AtBoundary;
  readonly auroc: number | null;
  readonly auprOod: number | null;
  readonly auprId: number | null;
  /** Over all test scans with a truth, risk = 1 - Dice. */
  readonly failure: RiskCoverageAreas | null;
  readonly spearman: number | null;
  readonly pearson: number | null;
  /**
   * Null where 2 max <= min over the validation scores: then there is no normalised uncertainty.
   */
  readonly calibrationError: CalibrationError | null;
  /** The third group of a cohort; null where it has none. */
  readonly shiftedId: ShiftedId | null;
  /** Spearman's correlation of the score with the number of voxels, over ID test scans. */
  readonly sizeCorrelation: number | null;
}

/** Judges a detector by its scores on the validation and test scans of a cohort. */
export function judge(cases: readonly ScoredCase[], tau: number): Judgement {
  const calibration = calibrate(cases.filter((c) => c.split === 'val'));
  const tested = cases.filter((c) => c.split === 'test');
  const test = tested.filter((c) => c.group !== 'shifted-id');
  const scores = (group: string) => test.filter((c) => c.group === group).map((c) => c.score);
  const [id, ood] = [scores('id'), scores('ood')];
  const { paper, conformal } = calibration.boundary;
  const known = test.filter((c): c is ScoredCase & { dice: number } => c.dice !== null);
  const uncertain = known.map((c) => ({ dice: c.dice, uncertainty: uncertaintyOf(c.score, calibration) }));
  const idTest = test.filter((c) => c.group === 'id');
  return {
    calibration,
    conformal: { ...atBoundary(conformal, id, ood), ...consequencesOf(test, conformal, tau) },
    validation: atBoundary(paper, id, ood),
    testRoc: atBoundary(boundaryKeeping(id), id, ood),
    auroc: defined(auroc(id, ood)),
    auprOod: defined(averagePrecision(id, ood, 'ood')),
    auprId: defined(averagePrecision(id, ood, 'id')),
    failure: known.length > 0 ? riskCoverageAreas(known.map((c) => ({ score: c.score, risk: 1 - c.dice }))) : null,
    spearman: correlated(
      spearman,
      known.map((c) => c.score),
      known.map((c) => c.dice),
    ),
    pearson: correlated(
      pearson,
      known.map((c) => c.score),
      known.map((c) => c.dice),
    ),
    calibrationError:
      known.length > 0 && uncertain.every((c) => c.uncertainty !== null)
        ? expectedSegmentationCalibrationError(uncertain as { dice: number; uncertainty: number }[])
        : null,
    ...consequencesOf(test, paper, tau),
    shiftedId: shiftedIdOf(
      tested.filter((c) => c.group === 'shifted-id'),
      calibration.boundary,
    ),
    sizeCorrelation: correlated(
      spearman,
      idTest.map((c) => c.score),
      idTest.map((c) => c.voxels),
    ),
  };
}

function consequencesOf(test: readonly ScoredCase[], boundary: number, tau: number): Consequences {
  const admitted = test.filter((c) => c.score <= boundary);
  const dice = admitted.flatMap((c) => c.dice ?? []);
  const mean = meanOf(dice);
  const sd = Math.sqrt(dice.reduce((sum, d) => sum + (d - mean) ** 2, 0) / dice.length);
  const failed = (c: ScoredCase) => (c.dice === null ? c.group === 'ood' : c.dice < tau);
  return {
    admitted: {
      n: admitted.length,
      coverage: admitted.length / test.length,
      diceMean: dice.length > 0 ? mean : null,
      diceSd: dice.length > 0 ? sd : null,
    },
    silentFailures: admitted.filter((c) => c.dice !== null && failed(c)).map((c) => c.case),
    falseAlarms: test.filter((c) => c.score > boundary && !failed(c)).map((c) => c.case),
  };
}

function shiftedIdOf(shifted: readonly ScoredCase[], { conformal, paper }: Calibration['boundary']): ShiftedId | null {
  if (shifted.length === 0) return null;
  const flagged = (boundary: number) => shifted.filter((c) => c.score > boundary).map((c) => c.case);
  return {
    n: shifted.length,
    flagged: flagged(conformal),
    flaggedByPaper: flagged(paper),
    dice: defined(meanOf(shifted.flatMap((c) => c.dice ?? []))),
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function atBoundary(boundary: number, id: readonly number[], ood: readonly number[]): AtBoundary {
  const counts = rejectionsAt(boundary, id, ood);
  return { boundary, ...counts, detectionError: detectionError(counts), fpr: falsePositiveRate(counts) };
}

const defined = (value: number): number | null => (Number.isNaN(value) ? null : value);

const correlated = (of: typeof pearson, x: readonly number[], y: readonly number[]): number | null =>
  x.length < 3 ? null : defined(of(x, y));
