import type { Sample } from './moments.js';
import { trace } from './symmetric.js';

/**
 * Ledoit-Wolf shrinkage intensity, as sklearn 1.9 `ledoit_wolf_shrinkage` (Ledoit and Wolf 2004, J.
 * Multivariate Analysis 88):
 *
 *   mu = tr(S) / d, delta = (|S|_F^2 - 2 mu tr(S) + d mu^2) / d,
 *   beta = min((sum |x - mean|^4 / n - |S|_F^2) / (n d), delta),
 *   shrinkage = beta / delta, 0 where beta is 0 or d is 1; S with divisor n.
 */
export function ledoitWolfShrinkage({ n, d, covariance, fourth }: Sample): number {
  if (d === 1) return 0;
  const traceS = trace(covariance, d);
  const squared = sumOfSquares(covariance);
  const mu = traceS / d;
  const delta = (squared - 2 * mu * traceS + d * mu * mu) / d;
  // Not negative but for rounding (Cauchy-Schwarz), which shows with n = 2.
  const beta = Math.min(Math.max((fourth / n - squared) / (n * d), 0), delta);
  return beta <= 0 ? 0 : beta / delta;
}

/**
 * Oracle approximating shrinkage, as sklearn 1.9 `oas` (Chen, Wiesel, Eldar and Hero 2010, eq. 23
 * without its 2/d terms):
 *
 *   alpha = mean of the squared elements of S, mu = tr(S) / d,
 *   shrinkage = min(1, (alpha + mu^2) / ((n + 1) (alpha - mu^2 / d))),
 *   1 where the divisor is 0, 0 where d is 1; S with divisor n.
 */
export function oasShrinkage({ n, d, covariance }: Sample): number {
  if (d === 1) return 0;
  const alpha = sumOfSquares(covariance) / (d * d);
  const mu2 = (trace(covariance, d) / d) ** 2;
  const divisor = (n + 1) * (alpha - mu2 / d);
  return divisor === 0 ? 1 : Math.min((alpha + mu2) / divisor, 1);
}

/** In place: S becomes (1 - shrinkage) S + shrinkage mu I, mu = tr(S) / d. */
export function shrink(covariance: Float64Array, d: number, shrinkage: number): void {
  const mu = trace(covariance, d) / d;
  for (let i = 0; i < covariance.length; i++) covariance[i] *= 1 - shrinkage;
  for (let i = 0; i < d; i++) covariance[i * d + i] += shrinkage * mu;
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}
