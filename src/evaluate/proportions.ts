import { binomialAtLeast } from '../maths/binomial.js';
import type { Interval } from './bootstrap.js';
import type { Rejections } from './ranking.js';

/** The 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval of a proportion at 95 %:
 *
 *   (p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n).
 *
 * Of no mistake in n it says how often one may still happen, which a bootstrap cannot: it
 * draws only what was seen. Source: Wilson 1927; scipy's
 * `binomtest(…).proportion_ci(method='wilson')`.
 *
 * @returns null where n is 0
 */
export function wilsonInterval(count: number, n: number): Interval | null {
  if (n === 0) return null;
  const p = count / n;
  const middle = p + Z ** 2 / (2 * n);
  const half = Z * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 1 + Z ** 2 / n;
  // At 0 and n the limit is exact; the formula leaves a rest of rounding.
  return { low: count === 0 ? 0 : (middle - half) / scale, high: count === n ? 1 : (middle + half) / scale };
}

/**
 * Clopper and Pearson's exact interval of a proportion: the p at which as many or more, and as many
 * or fewer, have a probability of (1 - level) / 2 each. It covers at least `level` whatever the
 * proportion, which a promise is held against. Source: Clopper and Pearson 1934; scipy's
 * `binomtest(…).proportion_ci(method='exact')`.
 *
 * @param level of the interval. @default 0.95
 * @returns null where n is 0
 */
export function clopperPearsonInterval(count: number, n: number, level = 0.95): Interval | null {
  if (n === 0) return null;
  const tail = (1 - level) / 2;
  return {
    low: count === 0 ? 0 : rootOf((p) => binomialAtLeast(count, n, p) - tail),
    high: count === n ? 1 : rootOf((p) => binomialAtLeast(count + 1, n, p) - (1 - tail)),
  };
}

/** Where a function that rises from below 0 to above 0 over [0, 1] is 0, to the last digit. */
function rootOf(rising: (p: number) => number): number {
  let [low, high] = [0, 1];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
}

/**
 * The 95 % interval of the detection error, the mean of two independent proportions, by Newcombe's
 * hybrid of their Wilson intervals: mean - sqrt((p1 - l1)² + (p2 - l2)²) / 2 to mean + sqrt((u1 -
 * p1)² + (u2 - p2)²) / 2. Source: Newcombe 1998, method 10; statsmodels'
 * `confint_proportions_2indep(method='newcomb')` of the difference to the counter-proportion.
 *
 * @returns null where a group is empty
 */
export function detectionErrorInterval({ idRejected, id, oodAccepted, ood }: Rejections): Interval | null {
  const [first, second] = [wilsonInterval(idRejected, id), wilsonInterval(oodAccepted, ood)];
  if (!first || !second) return null;
  const [p1, p2] = [idRejected / id, oodAccepted / ood];
  const mean = (p1 + p2) / 2;
  return {
    low: mean - Math.hypot(p1 - first.low, p2 - second.low) / 2,
    high: mean + Math.hypot(first.high - p1, second.high - p2) / 2,
  };
}
