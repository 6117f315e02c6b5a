import type { TrainingIntensities } from '../detectors/training-intensities.js';
import { wassersteinDistance } from './wasserstein.js';

/**
 * What a detector keeps of the intensities of its training scans: their mean histogram, every scan
 * counting the same, and how far each scan lies from the mean of the others. That is n / (n - 1) of
 * its distance to the mean of all, since h - mean of the others = n / (n - 1) (h - mean of all).
 *
 * @param edges [bins + 1] of every channel
 * @param scans shares [bins] of every channel of every scan, at least one
 */
export function trainingIntensities(
  edges: readonly (readonly number[])[],
  scans: readonly (readonly (readonly number[])[])[],
): TrainingIntensities {
  const n = scans.length;
  return edges.map((of, c) => {
    const sums = new Array<number>(of.length - 1).fill(0);
    for (const scan of scans) for (const [i, share] of scan[c].entries()) sums[i] += share;
    const shares = sums.map((sum) => sum / n);
    const distances = scans.map((scan) => (n / (n - 1)) * wassersteinDistance(of, scan[c], shares));
    return {
      edges: [...of],
      shares,
      distances:
        n === 1
          ? null
          : { mean: distances.reduce((sum, d) => sum + d, 0) / n, max: distances.reduce((a, b) => Math.max(a, b), 0) },
    };
  });
}
