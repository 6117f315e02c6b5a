import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { calibrate, verdictOf } from '../detectors/calibration.js';
import { type Interval, percentileInterval } from './bootstrap.js';

/** False alarms of the conformal boundary over many draws of calibration and test scans. */
export interface ConformalValidity {
  /** Calibration scans of each split. */
  readonly n: number;
  /** Test scans of each split. */
  readonly tested: number;
  readonly splits: number;
  /** The boundary promises at most this rate: 1 - level. */
  readonly promised: number;
  /**
   * The rate to expect where no two scores are equal: the share of ranks above the boundary's,
   * (n + 1 - min(n, ceil(.95 (n + 1)))) / (n + 1).
   */
  readonly expected: number;
  /** Mean of the rates of all splits, and its 95 % interval: mean ± 1.96 sd / sqrt(splits). */
  readonly rate: number;
  readonly interval: Interval;
  /** The middle 95 % of the rates: what a single site may meet. */
  readonly spread: Interval;
}

export interface ConformalValidityOptions {
  readonly n: number;
  /** @default 1000 */
  readonly splits?: number | undefined;
  /** @default 0 */
  readonly seed?: number | undefined;
}

/**
 * Splits scores of in-distribution scans at random into n that calibrate and the rest, again and
 * again, and counts how many of the rest are flagged. Every test scan is exchangeable with those
 * that calibrate, so the mean has to be what the ranks say, whatever the distribution.
 *
 * @returns null where nothing would be left to test
 */
export function conformalValidity(
  scores: readonly number[],
  { n, splits = 1000, seed = 0 }: ConformalValidityOptions,
): ConformalValidity | null {
  if (scores.length <= n) return null;
  const random = xoroshiro128plus(seed);
  const order = [...scores];
  const draw = (): number[] => {
    // The first n places of a shuffle; what is behind them needs no order.
    for (let i = 0; i < n; i++) {
      const other = uniformInt(random, i, order.length - 1);
      [order[i], order[other]] = [order[other], order[i]];
    }
    return order;
  };
  return overDraws(draw, { n, tested: scores.length - n, splits });
}

/**
 * The same with fresh scores for every draw. Their distribution does not matter: they are uniform.
 *
 * @param tested test scans of each draw
 */
export function simulatedValidity(
  tested: number,
  { n, splits = 1000, seed = 0 }: ConformalValidityOptions,
): ConformalValidity {
  const random = xoroshiro128plus(seed);
  const draw = () => Array.from({ length: n + tested }, () => uniformFloat64(random));
  return overDraws(draw, { n, tested, splits });
}

function overDraws(
  draw: () => readonly number[],
  { n, tested, splits }: { readonly n: number; readonly tested: number; readonly splits: number },
): ConformalValidity {
  const rates = Array.from({ length: splits }, () => {
    const scores = draw();
    const calibration = calibrate(scores.slice(0, n).map((score) => ({ case: '', score })));
    const flagged = scores.slice(n).filter((score) => verdictOf(score, calibration) === 'out-of-distribution');
    return flagged.length / tested;
  });
  const rate = rates.reduce((sum, r) => sum + r, 0) / splits;
  const sd = Math.sqrt(rates.reduce((sum, r) => sum + (r - rate) ** 2, 0) / (splits - 1));
  const half = (1.96 * sd) / Math.sqrt(splits);
  // Scores that are their own ranks give the rank of the boundary.
  const { boundary } = calibrate(Array.from({ length: n }, (_, i) => ({ case: '', score: i + 1 })));
  return {
    n,
    tested,
    splits,
    promised: 1 - boundary.level,
    expected: (n + 1 - boundary.conformal) / (n + 1),
    rate,
    interval: { low: rate - half, high: rate + half },
    spread: percentileInterval(rates) ?? { low: rate, high: rate },
  };
}
