import type { Quality, SubjectScore, Trust } from '../../results.js';
import { levelOf, lowerBound, rankOf } from './bound.js';
import { expectedDice, meanOf } from './learn.js';
import type { QualityModel } from './model.js';
import type { ScanSignals } from './signals.js';

export interface EstimateOptions {
  readonly verdict: SubjectScore['verdict'];
  /** Bound a flagged scan as one of a family of shifts like the simulated ones. @default false */
  readonly stress?: boolean | undefined;
}

/** What Dice to expect of a scan that gave these signals. */
export function estimateQuality(
  quality: QualityModel,
  signals: ScanSignals,
  { verdict, stress = false }: EstimateOptions,
): Quality {
  const dice = expectedDice(quality.model, signals);
  const isFlagged = verdict === 'out-of-distribution';
  const bound = isFlagged ? (stress ? (quality.stress?.bound ?? null) : null) : quality.bound;
  const atLeast = bound && lowerBound(bound, signals);
  const expected = [meanOf(dice), ...dice];
  // What is bounded from below by more is so by less.
  const floors = expected.map((value, i) => (atLeast ? Math.min(atLeast[i], value) : null));
  return {
    dice: expected[0],
    atLeast: floors[0],
    level: bound && atLeast ? levelOf(bound) : null,
    perLabel: Object.fromEntries(
      quality.labels.map((name, k) => [name, { dice: expected[k + 1], atLeast: floors[k + 1] }]),
    ),
    note: noteOf(quality, { isFlagged, stress, isBounded: atLeast !== null }),
  };
}

function noteOf(
  { stress: drawn, cases }: QualityModel,
  { isFlagged, stress, isBounded }: { isFlagged: boolean; stress: boolean; isBounded: boolean },
): string | null {
  if (!isFlagged) return isBounded ? null : `${cases} labelled scans are too few for a bound; calibrate with more.`;
  if (!stress)
    return 'The scan is out of distribution: no bound drawn from scans like those of the calibration holds for it, and the estimate itself may be wrong.';
  if (isBounded)
    return 'The scan is out of distribution: the bound holds only if what changed it is exchangeable with the simulated shifts of the calibration.';
  if (!drawn) return 'The scan is out of distribution, and the calibration had no simulated shifts to bound it by.';
  const { families, bound } = drawn;
  return `The scan is out of distribution, and ${families.length} families of simulated shifts cannot bound it: a bound that fails in ${bound.alpha} of cases needs ${fewestFor(bound.alpha)}.`;
}

/** The fewest units that support alpha. */
function fewestFor(alpha: number): number {
  let n = 1;
  while (rankOf(alpha, n) < 1) n++;
  return n;
}

export interface TrustOptions {
  /** The mean Dice that a segmentation has to have. @default 0.6 */
  readonly tau?: number | undefined;
  /** Which of the two has to reach it. @default 'bound' */
  readonly trustBy?: 'bound' | 'estimate' | undefined;
}

/**
 * Sums up: `yes` where the scan is not flagged and its segmentation is good enough, `no` where one
 * of the two is known to fail, `unknown` where nothing tells.
 */
export function trustOf(
  verdict: SubjectScore['verdict'] | null,
  quality: Quality | null,
  { tau = 0.6, trustBy = 'bound' }: TrustOptions = {},
): Trust {
  if (verdict === 'out-of-distribution') return 'no';
  const dice = quality && (trustBy === 'bound' ? quality.atLeast : quality.dice);
  if (verdict !== 'in-distribution' || dice === null) return 'unknown';
  return dice >= tau ? 'yes' : 'no';
}
