/** How the distances of a scan's patches become its score. */
export interface Aggregator {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  /**
   * @param distances one a patch
   * @param weights how much each patch counts in the mean of the mask; they sum to 1
   */
  of(distances: Float64Array, weights: readonly number[]): number;
}

/** Share of the patches that `top` takes. */
const TOP = 0.1;

/** The first is the default, and what `score` does. */
export const AGGREGATORS: readonly Aggregator[] = [
  {
    name: 'mean',
    title: 'mean',
    formula: 'mean of the mask over the scan (the paper)',
    of: (distances, weights) => distances.reduce((sum, d, i) => sum + d * weights[i]!, 0),
  },
  {
    name: 'worst',
    title: 'worst patch',
    formula: 'the largest distance of a patch',
    of: (distances) => distances.reduce((most, d) => Math.max(most, d), Number.NEGATIVE_INFINITY),
  },
  {
    name: 'top',
    title: 'worst tenth',
    formula: 'mean of the largest tenth of the distances, one at least',
    of(distances) {
      const largest = distances.toSorted().subarray(-Math.max(1, Math.round(TOP * distances.length)));
      return largest.reduce((sum, d) => sum + d, 0) / largest.length;
    },
  },
];
