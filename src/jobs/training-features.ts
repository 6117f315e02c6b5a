import type { CachedEmbeddings, EmbeddingCache } from '../detectors/embedding-cache.js';
import { type FeatureBlock, type Features, isMeasured, keptFeatures } from '../detectors/method.js';
import { SegcanaryError } from '../errors.js';

/** The training scans in the embedding cache. */
export interface KeptScans {
  readonly cache: EmbeddingCache;
  readonly keys: readonly string[];
  /** The fold of each. */
  readonly folds: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * What is measured in the graph is read dozens of times, once for every tensor and fold. Up to this
 * many bytes it is held; 160 scans of 36 patches and six stages are 50 MB.
 */
const HELD = 2 ** 28;

/**
 * The features that a method takes, a block a scan.
 *
 * @param parts how many features a patch has of each tensor that is measured
 * @returns a reading of them, every time that it is called
 */
export async function blocksOf(
  kept: KeptScans,
  features: Features,
  parts: readonly number[] | undefined,
): Promise<() => AsyncGenerator<FeatureBlock>> {
  const read = async function* (): AsyncGenerator<FeatureBlock> {
    let i = 0;
    for await (const entry of entriesOf(kept)) {
      const [rows, d] = keptFeatures(entry, features);
      const scan = { fold: kept.folds[i++], weights: entry.weights, histogram: entry.histogram };
      yield { rows, n: entry.n, d, parts, scan };
    }
  };
  if (!isMeasured(features)) return read;
  const held: FeatureBlock[] = [];
  let bytes = 0;
  for await (const { rows, scan, ...block } of read()) {
    bytes += rows.byteLength;
    if (bytes > HELD) return read;
    // Copies: an entry would be held whole by its part.
    const [weights, histogram] = [scan?.weights, scan?.histogram].map((values) => Float32Array.from(values ?? []));
    held.push({ ...block, rows: rows.slice(), scan: { fold: scan?.fold ?? 0, weights, histogram } });
  }
  return async function* () {
    yield* held;
  };
}

/** The channel means of every training patch, which are few and read many times. */
export async function channelMeansOf(kept: KeptScans) {
  const all: Pick<CachedEmbeddings, 'means' | 'n' | 'c'>[] = [];
  for await (const { means, n, c } of entriesOf(kept)) all.push({ means: means.slice(), n, c });
  return async function* () {
    yield* all;
  };
}

/** @throws SegcanaryError `aborted` */
export function stopIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted)
    throw new SegcanaryError('aborted', 'The fit was stopped; run it again to resume from its cache.');
}

/** What the cache has of every training scan. */
async function* entriesOf({ cache, keys, signal }: KeptScans): AsyncGenerator<CachedEmbeddings> {
  for (const key of keys) {
    stopIfAborted(signal);
    const entry = await cache.read(key);
    if (!entry)
      throw new SegcanaryError(
        'io',
        'an entry of the embedding cache was damaged while it was in use; run the fit again.',
        { subject: cache.dir },
      );
    yield entry;
  }
}
