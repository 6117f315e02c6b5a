/**
 * P(X >= k) for X binomial: the sum of the smaller side's terms, each from its neighbour, from the
 * logarithm of the first on. scipy's `binom.sf(k - 1, n, p)`.
 */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  const upper = sumFrom(k, n, p);
  // Far in the left half the sum has many terms close to 1, and the other side few and small ones.
  return k > n * p ? upper : 1 - sumFrom(n - k + 1, n, 1 - p);
}

/** The terms from k on. */
function sumFrom(k: number, n: number, p: number): number {
  let log = k * Math.log(p) + (n - k) * Math.log1p(-p);
  for (let i = 1; i <= n - k; i++) log += Math.log((k + i) / i);
  let term = Math.exp(log);
  let sum = term;
  for (let i = k; i < n; i++) {
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
    sum += term;
  }
  return sum;
}

/**
 * P(X <= most) for X binomial: 1 - I_p(most + 1, n - most), I the regularised incomplete beta
 * function. scipy's `binom.cdf(most, n, p)`.
 */
export const binomialAtMost = (most: number, n: number, p: number): number => binomialAtLeast(n - most, n, 1 - p);
