/** The middle of some numbers, or the mean of the two in the middle; at least one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/**
 * The smallest value that holds at least a share of the weight at or below it; at least one value.
 *
 * @param share above 0, at most 1
 */
export function weightedQuantile(
  values: readonly { readonly value: number; readonly weight: number }[],
  share: number,
): number {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const wanted = share * sorted.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    // Weights that should sum to the share may miss it by a rounding.
    if (sum >= wanted * (1 - 1e-12)) return value;
  }
  return sorted[sorted.length - 1].value;
}
