/**
 * Relative: more than p-values and thresholds may round, less than any two that differ: p is a
 * whole number over n + 1, the threshold one over m times a power of ten.
 */
const ROUNDING = 1e-12;

/**
 * Benjamini and Hochberg's procedure (1995): of m p-values, sorted, the largest k with
 * p[k] <= q k / m is found, and every p-value up to p[k] is flagged. Of those flagged, at most
 * q times the share of in-distribution scans are expected to be in distribution. It holds for
 * conformal p-values that share their calibration scans, which depend on one another positively
 * (PRDS: Bates et al., Annals of Statistics 2023, theorem 2; Benjamini and Yekutieli 2001).
 *
 * @param pValues in any order
 * @param q 0 < q < 1
 * @returns which are flagged, in the order of the p-values
 */
export function benjaminiHochberg(pValues: readonly number[], q: number): boolean[] {
  const m = pValues.length;
  const sorted = [...pValues].sort((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p * m <= q * (i + 1) * (1 + ROUNDING));
  return pValues.map((p) => last >= 0 && p <= sorted[last]);
}

/**
 * How many of m scans have to be as far out as can be before any is flagged: the smallest p-value
 * of n calibration scans is 1 / (n + 1), and k of them are flagged from k >= m / (q (n + 1)) on.
 * More than m: none ever is.
 */
export function fewestFlagged(m: number, n: number, q: number): number {
  return Math.max(1, Math.ceil((m / (q * (n + 1))) * (1 - ROUNDING)));
}
