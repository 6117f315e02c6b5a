import type { TrainingChannels } from '../detectors/training-profile.js';

/** As many bars as are read at a glance. */
const GROUPS = 8;

/** How many channels each of at most eight groups of neighbours has, as equal as they can be. */
function groupSizes(channels: number): number[] {
  const groups = Math.min(GROUPS, channels);
  const end = (i: number) => Math.floor((i * channels) / groups);
  return Array.from({ length: groups }, (_, i) => end(i + 1) - end(i));
}

/**
 * The squared distance of each group from the training patches by itself: the mean over its channels of ((x - mean) / deviation)^2, a Mahalanobis distance without
 * correlations. A channel that never varied in training is left out; a group of such channels alone has 0.
 *
 * @param means [c]: mean of every channel over the patch
 */
export function groupDistances(
  {
    mean,
    deviation,
    groups,
  }: Pick<TrainingChannels, 'mean' | 'deviation'> & { readonly groups: readonly { readonly channels: number }[] },
  means: ArrayLike<number>,
): Float64Array {
  const distances = new Float64Array(groups.length);
  let c = 0;
  for (const [g, { channels }] of groups.entries()) {
    let sum = 0;
    let varied = 0;
    for (const end = c + channels; c < end; c++) {
      if (deviation[c] === 0) continue;
      sum += ((means[c]! - mean[c]!) / deviation[c]!) ** 2;
      varied++;
    }
    distances[g] = varied > 0 ? sum / varied : 0;
  }
  return distances;
}

/** Channel means [n,c] of the patches of some training scans, C order. */
export interface MeansBlock {
  readonly means: Float32Array;
  readonly n: number;
  readonly c: number;
}

/**
 * How the channels at the tap vary over the training patches, in three readings of them: means, deviations (divisor n), and how the distances of the groups spread.
 *
 * @param blocks may be read more than once; at least one patch, all of as many channels
 * @returns null where a channel's mean is not finite: there is then nothing to compare with
 */
export async function trainingChannels(blocks: () => AsyncIterable<MeansBlock>): Promise<TrainingChannels | null> {
  let n = 0;
  let sums = new Float64Array(0);
  for await (const block of blocks()) {
    if (sums.length === 0) sums = new Float64Array(block.c);
    for (let i = 0; i < block.means.length; i++) sums[i % block.c]! += block.means[i]!;
    n += block.n;
  }
  const mean = [...sums].map((sum) => sum / n);
  if (!mean.every(Number.isFinite)) return null;
  const squares = new Float64Array(mean.length);
  for await (const { means, c } of blocks())
    for (let i = 0; i < means.length; i++) squares[i % c]! += (means[i]! - mean[i % c]!) ** 2;
  // Below what a sum of float32 numbers rounds, a channel that is always the same has not varied.
  const deviation = [...squares].map((sum, c) => {
    const found = Math.sqrt(sum / n);
    return found > 1e-7 * Math.abs(mean[c]!) ? found : 0;
  });
  const groups = groupSizes(mean.length).map((channels) => ({ channels }));
  const spreads = new Float64Array(groups.length);
  for await (const { means, c } of blocks()) {
    for (let at = 0; at < means.length; at += c) {
      const distances = groupDistances({ mean, deviation, groups }, means.subarray(at, at + c));
      for (let g = 0; g < distances.length; g++) spreads[g]! += (distances[g]! - 1) ** 2;
    }
  }
  return {
    mean,
    deviation,
    groups: groups.map(({ channels }, g) => ({ channels, spread: Math.sqrt(spreads[g]! / n) })),
  };
}
