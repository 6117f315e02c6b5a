/** How the covariance is estimated, as sklearn's LedoitWolf, OAS and EmpiricalCovariance. */
import type { Warning } from '../results.js';
export const ESTIMATORS = ['ledoit-wolf', 'oas', 'empirical'] as const;
export type Estimator = (typeof ESTIMATORS)[number];

/** What the warnings of a fit depend on. */
export interface FitFacts {
  readonly estimator: Estimator;
  readonly n: number;
  readonly d: number;
  readonly rank: number;
  /** Features that never changed over the training patches. */
  readonly constant: number;
}

/** With fewer, the mean of a feature is off by more than a fifth of its standard deviation. */
const FEW_PATCHES = 25;

/** What a fit cannot promise, one sentence each. */
export function warningsOfFit({ estimator, n, d, rank, constant }: FitFacts): Warning[] {
  const warnings: Warning[] = [];
  // Shrinkage is made for n below d: it fills in what few patches do not tell.
  if (estimator !== 'empirical' && n < FEW_PATCHES) {
    warnings.push({
      code: 'few-patches',
      message: `There are only ${n} training patches, so that even the mean of a feature is known poorly; give more scans.`,
    });
  }
  if (estimator === 'empirical' && n > d && n < 5 * d) {
    warnings.push({
      code: 'few-patches',
      message: `${n} training patches for ${d} features: fewer than 5 per feature, so the empirical covariance is known poorly; give more scans, or fit with ledoit-wolf.`,
    });
  }
  if (estimator === 'empirical' && n <= d) {
    warnings.push({
      code: 'blind-directions',
      message: `The empirical covariance of ${n} patches spans ${rank} of ${d} directions: every training patch scores about ${n - 1}, and whatever leaves their span cannot be seen; fit with ledoit-wolf, and never calibrate on training scans.`,
    });
  } else if (estimator === 'empirical' && rank < d) {
    warnings.push({
      code: 'rank-deficient',
      message: `The empirical covariance has rank ${rank} of ${d}: changes in the other ${d - rank} directions cannot be seen; fit with ledoit-wolf.`,
    });
  }
  if (constant > 0) {
    warnings.push({
      code: 'constant-features',
      message: `${constant} of ${d} features have the same value in every training patch.`,
    });
  }
  return warnings;
}
