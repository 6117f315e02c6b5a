/** Count, mean and sum of squared deviations of some numbers, with their extremes. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
  readonly min: number;
  readonly max: number;
}

export const emptySpread: Spread = {
  count: 0,
  mean: 0,
  squares: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
};

/**
 * The spread of the values where `included` is not 0: a mask, or the values themselves. Two passes,
 * sums in f64.
 *
 * @param included same length
 */
export function spreadWhere(values: Float32Array, included: Float32Array | Uint8Array): Spread {
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if (included[i] === 0) continue;
    const value = values[i];
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return emptySpread;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    if (included[i] !== 0) squares += (values[i] - mean) * (values[i] - mean);
  }
  return { count, mean, squares, min, max };
}

/** The spread of both together (Chan, Golub & LeVeque 1979). */
export function mergeSpreads(a: Spread, b: Spread): Spread {
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a;
  const count = a.count + b.count;
  const difference = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (difference * b.count) / count,
    squares: a.squares + b.squares + (difference * difference * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** Extremes, mean and population standard deviation (divisor n); zeros where there is nothing. */
export function describeSpread({ count, mean, squares, min, max }: Spread): {
  min: number;
  max: number;
  mean: number;
  std: number;
} {
  if (count === 0) return { min: 0, max: 0, mean: 0, std: 0 };
  return { min, max, mean, std: Math.sqrt(squares / count) };
}
