import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddingCache } from '../detectors/embedding-cache.js';
import type { Examined } from '../examine.js';
import { writeFileAtomically } from '../files.js';

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

  async read(key: string): Promise<Examined | null> {
    const text = await readFile(this.#path(key), 'utf8').catch(() => null);
    const features = text === null ? null : await this.#embeddings.read(key);
    if (text === null || features === null) return null;
    const [hash, json] = [text.slice(0, 64), text.slice(65)];
    if (sha256(`${key}${json}`) !== hash) return null;
    return { ...(JSON.parse(json) as Examined), ...features };
  }

  /** @throws SegcanaryError `io` */
  async write(key: string, { rows, means, stages, ...rest }: Examined): Promise<void> {
    const { patches: n, d, c, s } = rest;
    await this.#embeddings.write(key, { rows, means, stages, n, d, c, s });
    const json = JSON.stringify(rest);
    await writeFileAtomically(this.#path(key), `${sha256(`${key}${json}`)} ${json}`);
  }

  #path(key: string): string {
    return join(this.#embeddings.dir, `${key}.examined`);
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
