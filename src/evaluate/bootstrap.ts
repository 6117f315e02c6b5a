import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** The middle 95 % of a bootstrap distribution. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Resamples of several strata, each drawn with replacement to its own size (Efron and Tibshirani
 * 1993): a scan stays in its group, so that every resample has both. Seeded: the same strata and
 * seed give the same resamples, and methods compared on one resample are paired.
 *
 * @yields indices into each stratum
 */
export function* stratifiedResamples(
  sizes: readonly number[],
  resamples: number,
  seed: number,
): Generator<readonly (readonly number[])[]> {
  const random = xoroshiro128plus(seed);
  for (let r = 0; r < resamples; r++)
    yield sizes.map((n) => Array.from({ length: n }, () => uniformInt(random, 0, n - 1)));
}

/**
 * The percentile interval of values: those at 2.5 and 97.5 %, interpolated linearly between
 * neighbours as numpy's `quantile`. Values that are NaN (a resample without a defined metric) are
 * left out; null where none is left.
 */
export function percentileInterval(values: readonly number[]): Interval | null {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const at = (q: number) => {
    const position = q * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  };
  return { low: at(0.025), high: at(0.975) };
}
