/**
 * P(X <= most) of a binomial X of n draws, each with probability p:
 *
 *   sum over j = 0 … most of C(n, j) p^j (1 - p)^(n - j),
 *
 * which is 1 - I_p(most + 1, n - most), I the regularised incomplete beta function. Terms are
 * summed relative to the largest of them, so that none underflows; relative error some 1e-13 times
 * n.
 *
 * @param most whole, 0 <= most <= n
 * @param p 0 < p < 1
 */
export function binomialAtMost(most: number, n: number, p: number): number {
  if (most >= n) return 1;
  // The terms rise up to the mode and fall from there.
  const mode = Math.min(most, Math.floor((n + 1) * p));
  let logTerm = n * Math.log1p(-p);
  for (let j = 1; j <= mode; j++) logTerm += Math.log(((n - j + 1) / j) * (p / (1 - p)));
  let sum = 1;
  for (let j = mode, term = 1; j > 0; j--) {
    term *= (j / (n - j + 1)) * ((1 - p) / p);
    sum += term;
  }
  for (let j = mode + 1, term = 1; j <= most; j++) {
    term *= ((n - j + 1) / j) * (p / (1 - p));
    sum += term;
  }
  return Math.min(1, Math.exp(logTerm) * sum);
}
