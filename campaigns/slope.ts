/** A slope and its 95 % interval. */
export interface Slope {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Lag-1 autocorrelation of what the line leaves of the blocks. */
  readonly autocorrelation: number;
  readonly blocks: number;
}

/**
 * Ordinary least squares over the means of blocks of `size` samples, sample i at i: value = cov(x,
 * y) / var(x), its variance s^2 / sum (x - mean)^2 with s^2 = sum residual^2 / (blocks - 2), the
 * interval by Student's t.
 *
 * Memory moves in steps that last for many scans, so neighbouring samples say nearly the same, and
 * an interval over single samples would be far too narrow. Means of blocks are nearly independent;
 * what is left (r > 0 at lag 1) widens the interval by sqrt((1 + r) / (1 - r)), as for an AR(1)
 * process.
 */
export function slopeOf(samples: readonly number[], size: number): Slope {
  const blocks = Math.floor(samples.length / size);
  if (blocks < 5) throw new RangeError(`${samples.length} samples make ${blocks} blocks of ${size}; 5 are needed.`);
  const ys = Array.from({ length: blocks }, (_, b) => mean(samples.slice(b * size, (b + 1) * size)));
  const xs = ys.map((_, b) => b * size + (size - 1) / 2);
  const [mx, my] = [mean(xs), mean(ys)];
  const sxx = sum(xs.map((x) => (x - mx) ** 2));
  const value = sum(xs.map((x, b) => (x - mx) * (ys[b] - my))) / sxx;
  const residuals = ys.map((y, b) => y - my - value * (xs[b] - mx));
  const squares = sum(residuals.map((e) => e * e));
  const lagged = sum(residuals.slice(1).map((e, b) => e * residuals[b]));
  const autocorrelation = squares > 0 ? lagged / squares : 0;
  const r = Math.min(Math.max(autocorrelation, 0), 0.95);
  const error = Math.sqrt((squares / (blocks - 2) / sxx) * ((1 + r) / (1 - r)));
  const half = studentT975(blocks - 2) * error;
  return { value, low: value - half, high: value + half, autocorrelation, blocks };
}

/**
 * The 97.5 % quantile of Student's t, by its expansion about the normal one (Abramowitz and Stegun
 * 26.7.5): within 0.5 % from 4 degrees on.
 */
export function studentT975(degrees: number): number {
  const z = 1.959963985;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((t, term, i) => t + term / degrees ** (i + 1), z);
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
