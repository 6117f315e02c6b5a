import type { Explanation, SubjectScore, Warning } from '../results.js';
import { type Calibration, pValueOf, uncertaintyOf, verdictOf } from './calibration.js';

export interface VerdictOptions {
  /**
   * The scores of held-out in-distribution scans and the boundaries drawn from them; without one
   * the verdict is `uncalibrated`.
   */
  readonly calibration?: Calibration | null;
  /** Identity of the detector, repeated in the result. @default null */
  readonly detector?: string | null;
  readonly warnings?: readonly Warning[];
  /** Asked once the score is known, for what explains the verdict. @default nothing */
  readonly explain?: (() => Explanation) | undefined;
}

/** What a verdict rests on, whatever the score. */
export function verdictBasis({
  calibration = null,
  detector = null,
  warnings = [],
}: VerdictOptions): Pick<SubjectScore, 'boundary' | 'warnings' | 'detector'> {
  return {
    boundary: calibration ? calibration.boundary.conformal : null,
    // A copy: it may have grown while the scan was read.
    warnings: [...warnings],
    detector,
  };
}

/**
 * A scan's score and what follows from it. Out of distribution iff score > the conformal boundary.
 */
export function subjectScore(
  { case: name, score, patches, worstPatch }: Pick<SubjectScore, 'case' | 'score' | 'patches' | 'worstPatch'>,
  options: VerdictOptions,
): SubjectScore {
  const { calibration = null, explain } = options;
  const { boundary, warnings, detector } = verdictBasis(options);
  return {
    case: name,
    score,
    uncertainty: calibration ? uncertaintyOf(score, calibration) : null,
    boundary,
    verdict: calibration ? verdictOf(score, calibration) : 'uncalibrated',
    pValue: calibration ? pValueOf(score, calibration) : null,
    patches,
    worstPatch,
    warnings,
    detector,
    ...(explain && { explanation: explain() }),
  };
}
