/** All values of one channel in pieces of any size and order, read anew on every call. */
export type Reading = () => AsyncIterable<Float32Array> | Iterable<Float32Array>;

/** Half of a float32's bits are counted at a time. */
const BINS = 2 ** 16;

/**
 * Percentiles by linear interpolation between order statistics: with n values v[0] <= … <= v[n-1]
 * and r = q / 100 * (n - 1), v[floor(r)] + (r - floor(r)) * (v[floor(r) + 1] - v[floor(r)]).
 *
 * The order statistics are exact, in memory that does not grow with n: two readings count the upper
 * and then the lower 16 bits of the values, as integers that ascend with them. Source:
 * numpy.percentile(values.astype(float64), q), method `linear`.
 *
 * @param read at least one finite value
 * @param percents each in [0, 100]
 */
export async function percentilesOf(read: Reading, percents: readonly number[]): Promise<number[]> {
  const upper = new Float64Array(BINS);
  let count = 0;
  for await (const values of read()) {
    count += values.length;
    for (const bits of bitsOf(values)) upper[ascending(bits) >>> 16]++;
  }
  const places = percents.map((percent) => {
    const at = (percent / 100) * (count - 1);
    const below = Math.min(Math.floor(at), count - 1);
    return { share: at - below, below: find(upper, below), above: find(upper, Math.min(below + 1, count - 1)) };
  });
  const lower = new Map<number, Float64Array>();
  for (const { below, above } of places) for (const { bin } of [below, above]) lower.set(bin, new Float64Array(BINS));
  for await (const values of read()) {
    for (const bits of bitsOf(values)) {
      const key = ascending(bits);
      const counts = lower.get(key >>> 16);
      if (counts) counts[key & (BINS - 1)]++;
    }
  }
  const valueAt = ({ bin, rank }: Place): number => floatOf(bin * BINS + find(lower.get(bin)!, rank).bin);
  return places.map(({ share, below, above }) => between(valueAt(below), valueAt(above), share));
}

/** Where a rank lies: in which bin, and as the how-manyth of that bin. */
interface Place {
  readonly bin: number;
  readonly rank: number;
}

function find(counts: Float64Array, rank: number): Place {
  let left = rank;
  let bin = 0;
  while (left >= counts[bin]) left -= counts[bin++];
  return { bin, rank: left };
}

/** From the nearer end, as numpy's `_lerp`, so that equal ends give themselves. */
function between(a: number, b: number, share: number): number {
  return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share);
}

const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length);

/** The bits of a float32 as an unsigned integer that is larger where the value is. */
const ascending = (bits: number): number => (bits >= 2 ** 31 ? ~bits : bits | 0x80000000) >>> 0;

function floatOf(key: number): number {
  const bits = Uint32Array.of(key >= 2 ** 31 ? key - 2 ** 31 : ~key);
  return new Float32Array(bits.buffer)[0];
}
