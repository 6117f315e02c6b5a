import type { CachedEmbeddings, EmbeddingCache } from '../detectors/embedding-cache.js';
import { type FeatureBlock, keptFeatures, type PatchMethod } from '../detectors/method.js';
import { SegcanaryError } from '../errors.js';

/** The training scans in the embedding cache. */
export interface KeptScans {
  readonly cache: EmbeddingCache;
  readonly keys: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The features that a method takes, a block a scan. */
export async function* blocksOf(
  kept: KeptScans,
  { features }: PatchMethod,
  parts: readonly number[] | undefined,
): AsyncGenerator<FeatureBlock> {
  for await (const entry of entriesOf(kept)) {
    const [rows, d] = keptFeatures(entry, features);
    yield { rows, n: entry.n, d, parts };
  }
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
