/** Where numbers lie and how far they spread, whatever their tails are like. */
export interface RobustScale {
  /** The median. */
  readonly centre: number;
  /** (90 % quantile - median) / 1.2816: the standard deviation where the numbers are normal. */
  readonly deviation: number;
}

/** The 90 % quantile of the standard normal distribution. */
const Z90 = 1.2816;

/**
 * Centre and deviation of what lies above the median, which is where a boundary will be drawn.
 *
 * @param least the smallest deviation, so that nothing is divided by 0
 */
export function robustScale(values: ArrayLike<number>, least = 1e-6): RobustScale {
  const sorted = Float64Array.from(values).sort();
  const centre = quantileOf(sorted, 0.5);
  return { centre, deviation: Math.max((quantileOf(sorted, 0.9) - centre) / Z90, least) };
}

/**
 * A quantile of ascending numbers, interpolated between its neighbours as numpy's `quantile`.
 *
 * @param q in [0, 1]
 */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/** (value - centre) / deviation. */
export const standardised = (value: number, { centre, deviation }: RobustScale): number => (value - centre) / deviation;
