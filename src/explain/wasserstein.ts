/**
 * The Wasserstein-1 (earth mover's) distance of two histograms over the same bins, the voxels of a
 * bin taken to lie at its centre:
 *
 *   W = sum over i of |P(i) - Q(i)| (c[i + 1] - c[i]), P and Q the cumulated shares, c the centres.
 *
 * In the unit of the edges. Adding s to every voxel gives s, to the width of a bin, as long as no
 * voxel passes the last edge. Source: scipy.stats.wasserstein_distance(c, c, p, q).
 *
 * @param edges [bins + 1], ascending
 * @param p [bins], sums to 1
 * @param q [bins], sums to 1
 */
export function wassersteinDistance(edges: readonly number[], p: readonly number[], q: readonly number[]): number {
  let distance = 0;
  let ahead = 0;
  for (let i = 0; i < p.length - 1; i++) {
    ahead += p[i] - q[i];
    // From centre to centre.
    distance += (Math.abs(ahead) * (edges[i + 2] - edges[i])) / 2;
  }
  return distance;
}
