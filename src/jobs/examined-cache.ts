import { join } from 'node:path';
import { EmbeddingCache } from '../detectors/embedding-cache.js';
import type { KeptFeatures } from '../detectors/method.js';
import type { Examined } from '../scans/examine.js';
import { readSealed, writeSealed } from './sealed-json.js';

/** What is known of a scan beside its features, which are large and read when they are needed. */
export type ExaminedScan = Omit<Examined, keyof KeptFeatures>;

/**
 * Examined scans on disk, so that an evaluation resumes and a further method costs no network:
 * features as the embedding cache keeps them, the rest as JSON with its own hash. An entry that is
 * damaged is as good as absent.
 */
export class ExaminedCache {
  readonly #embeddings: EmbeddingCache;

  private constructor(embeddings: EmbeddingCache) {
    this.#embeddings = embeddings;
  }

  /** @throws SegcanaryError `io` where the folder cannot be made */
  static async open(dir: string): Promise<ExaminedCache> {
    return new ExaminedCache(await EmbeddingCache.open(dir));
  }

  /** Where `fit` would keep the embeddings of the same scans. */
  get embeddings(): EmbeddingCache {
    return this.#embeddings;
  }

  /** The entry without its features, whose presence is checked. */
  async read(key: string): Promise<ExaminedScan | null> {
    const kept = (await readSealed(this.#path(key), key)) as ExaminedScan | null;
    return kept && (await this.#embeddings.read(key)) && kept;
  }

  /** @throws SegcanaryError `io` */
  async write(key: string, { rows, means, measured, d, c, m, ...rest }: Examined): Promise<ExaminedScan> {
    await this.#embeddings.write(key, {
      rows,
      means,
      measured,
      weights: Float32Array.from(rest.weights.mean),
      cover: Float32Array.from(rest.cover),
      histogram: Float32Array.from(rest.histogram),
      n: rest.patches,
      d,
      c,
      m,
    });
    await writeSealed(this.#path(key), key, rest);
    return rest;
  }

  #path(key: string): string {
    return join(this.#embeddings.dir, `${key}.examined`);
  }
}
