import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddingCache } from '../detectors/embedding-cache.js';
import type { KeptFeatures } from '../detectors/method.js';
import type { Examined } from '../examine.js';
import { writeFileAtomically } from '../files.js';

/** What is known of a scan beside its features, which are large and read when they are needed. */
export type ExaminedScan = Omit<Examined, keyof KeptFeatures>;

/**
 * Examined scans on disk, so that an evaluation resumes and a further method costs no network: features as the embedding cache keeps them, the rest as JSON with
 * its own hash. An entry that is damaged is as good as absent.
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
    const text = await readFile(this.#path(key), 'utf8').catch(() => null);
    if (text === null || (await this.#embeddings.read(key)) === null) return null;
    const json = text.slice(65);
    return text.slice(0, 65) === headOf(key, json) ? (JSON.parse(json) as ExaminedScan) : null;
  }

  /** @throws SegcanaryError `io` */
  async write(key: string, { rows, means, measured, d, c, m, ...rest }: Examined): Promise<ExaminedScan> {
    await this.#embeddings.write(key, { rows, means, measured, n: rest.patches, d, c, m });
    const json = JSON.stringify(rest);
    await writeFileAtomically(this.#path(key), headOf(key, json) + json);
    return rest;
  }

  #path(key: string): string {
    return join(this.#embeddings.dir, `${key}.examined`);
  }
}

/** sha256 in hex over key and JSON, and a space. */
const headOf = (key: string, json: string): string => `${createHash('sha256').update(`${key}${json}`).digest('hex')} `;
