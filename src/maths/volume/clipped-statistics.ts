import type { ChannelStatistics, Slice } from '../../chunks.js';
import type { ChannelNormalisation } from '../../plan.js';
import { clamp } from '../clamp.js';
import { contiguous } from './contiguous.js';
import { percentilesOf } from './percentiles.js';
import { describeSpread, emptySpread, mergeSpreads, type Spread, spreadWhere } from './spread.js';

/** Whether a channel is clipped to percentiles of its own grid. */
export const clipsToPercentiles = ({ clipPercentiles }: ChannelNormalisation): boolean => clipPercentiles !== undefined;

/**
 * What a channel that is clipped to percentiles needs of its grid, in three readings of it: the two
 * percentiles, in float32, then mean and population standard deviation of the clipped values.
 * Nothing for a channel that is not clipped so.
 *
 * @param read the slices of the grid, anew on every call
 */
export async function clippedStatistics(
  read: () => AsyncIterable<Slice>,
  channel: number,
  { clipPercentiles }: ChannelNormalisation,
): Promise<Pick<ChannelStatistics, 'clipped'>> {
  if (clipPercentiles === undefined) return {};
  const planes = async function* () {
    for await (const { data } of read()) {
      const plane = data.size / data.shape[0];
      yield contiguous(data).subarray(channel * plane, (channel + 1) * plane);
    }
  };
  const [low, high] = (await percentilesOf(planes, clipPercentiles)).map(Math.fround);
  let spread: Spread = emptySpread;
  for await (const values of planes()) {
    const all = new Uint8Array(values.length).fill(1);
    spread = mergeSpreads(
      spread,
      spreadWhere(
        values.map((value) => clamp(value, low, high)),
        all,
      ),
    );
  }
  const { mean, std } = describeSpread(spread);
  return { clipped: { low, high, mean, std } };
}
