import { SegcanaryError } from '../../errors.js';
import type { FeatureBlock } from '../method.js';

/** Number and mean of the rows of blocks, in float64 about the first row. */
export async function meanOf(
  blocks: AsyncIterable<FeatureBlock>,
): Promise<{ readonly mean: Float64Array; readonly n: number }> {
  let origin: Float64Array | null = null;
  let sum = new Float64Array(0);
  let n = 0;
  for await (const { rows, n: count, d } of blocks) {
    if (count === 0) continue;
    origin ??= Float64Array.from(rows.subarray(0, d));
    if (sum.length === 0) sum = new Float64Array(d);
    if (d !== sum.length) {
      throw new SegcanaryError(
        'fit-failed',
        `Embeddings of ${d} values came after embeddings of ${sum.length}: fit with one tap only.`,
      );
    }
    for (let at = 0; at < count * d; at += d) for (let i = 0; i < d; i++) sum[i] += rows[at + i] - origin[i];
    n += count;
  }
  if (origin === null || n < 2) {
    throw new SegcanaryError(
      'fit-failed',
      `A fit needs at least 2 training patches, there ${n === 1 ? 'is 1' : 'are none'}; give more scans.`,
    );
  }
  if (!sum.every(Number.isFinite)) {
    throw new SegcanaryError(
      'fit-failed',
      'A training embedding holds NaN or infinity; check the model and the scans.',
    );
  }
  return { mean: origin.map((value, i) => value + sum[i] / n), n };
}
