import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cannotRead, makeFolder, writeFileAtomically } from '../files/atomic.js';
import { sha256 } from '../files/hash.js';
import { sweepLeftovers } from '../files/leftovers.js';
import type { Plan } from '../plan.js';
import type { KeptFeatures } from './method.js';

/** Eight bytes: what it is, and the version of its layout. */
const MAGIC = Buffer.from('SCEMBED5');
/** The files of a cache: of examined and of training scans, and what a scan is. */
const ENTRY = /^[0-9a-f]{64}\.(embeddings|examined|intensities|identity)$/;
const HASH_AT = 28;
const ROWS_AT = 60;

/** The embeddings of one scan, in C order. */
export interface CachedEmbeddings extends KeptFeatures {
  readonly n: number;
  /** [n]: how much each patch counts in the score of the scan; they sum to 1. */
  readonly weights: Float32Array;
  /**
   * [n]: the same where only as few patches count as leave no voxel out (`coverOf`), -1 for
   * the others.
   */
  readonly cover: Float32Array;
  /** Shares of the scan's intensities after normalisation, channel after channel. */
  readonly histogram: Float32Array;
}

/** Everything that an embedding depends on. */
export interface EmbeddingKeyParts {
  /** sha256 of the scan's bytes, as they came: one a channel. */
  readonly scanSha256: string | readonly string[];
  readonly plan: unknown;
  readonly stepSize: number;
  readonly encoderSha256: string;
  readonly tap: string;
  /** Whatever else changes the embedding, such as a volume number or the absence of a spool. */
  readonly more?: unknown;
}

/**
 * For `more`: since every channel of a case is turned by its own affine, cases of several channels
 * give other embeddings under a reader that turns than entries of before hold.
 */
export const channelsTurned = ({
  reader,
  channels,
}: Pick<Plan, 'reader' | 'channels'>): { readonly turned?: 'each' } =>
  reader !== 'as-stored' && channels.length > 1 ? { turned: 'each' } : {};

/** sha256, in hex, over everything that an embedding depends on. */
export function embeddingKey({
  scanSha256,
  plan,
  stepSize,
  encoderSha256,
  tap,
  more = null,
}: EmbeddingKeyParts): string {
  return sha256(JSON.stringify([MAGIC.toString(), scanSha256, plan, stepSize, encoderSha256, tap, more]));
}

/**
 * Embeddings of whole scans on disk, one file a scan, so that an interrupted fit resumes and a
 * second estimator costs no inference.
 *
 * A file: magic (8 bytes), n, d, c, m and the number of bins (uint32), sha256 over key, sizes and
 * numbers (32 bytes), rows, means, measured, weights, cover, histogram (float32), little-endian.
 * Files appear whole. One whose hash does not match is as good as absent: it is computed again and
 * replaced.
 */
export class EmbeddingCache {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** @throws SegcanaryError 'io' where the folder cannot be made. */
  static async open(dir: string): Promise<EmbeddingCache> {
    await makeFolder(dir);
    // An entry that is whole is not written again, and so would keep what a killed run left of it
    // when another part of it was damaged.
    await sweepLeftovers(dir, (name) => ENTRY.test(name));
    return new EmbeddingCache(dir);
  }

  /** The entry, or null where there is none or a damaged one. */
  async read(key: string): Promise<CachedEmbeddings | null> {
    const path = this.#path(key);
    const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null;
      throw cannotRead(path, cause);
    });
    if (bytes === null || bytes.length < ROWS_AT || !bytes.subarray(0, 8).equals(MAGIC)) return null;
    const n = bytes.readUInt32LE(8);
    const d = bytes.readUInt32LE(12);
    const c = bytes.readUInt32LE(16);
    const m = bytes.readUInt32LE(20);
    const bins = bytes.readUInt32LE(24);
    if (bytes.length !== ROWS_AT + 4 * (n * (d + c + m + 2) + bins)) return null;
    const body = bytes.subarray(ROWS_AT);
    if (!digest(key, [n, d, c, m, bins], body).equals(bytes.subarray(HASH_AT, ROWS_AT))) return null;
    const numbers = new Float32Array(Uint8Array.from(body).buffer);
    const [means, measured, weights] = [n * d, n * (d + c), n * (d + c + m)];
    return {
      rows: numbers.subarray(0, means),
      means: numbers.subarray(means, measured),
      measured: numbers.subarray(measured, weights),
      weights: numbers.subarray(weights, weights + n),
      cover: numbers.subarray(weights + n, weights + 2 * n),
      histogram: numbers.subarray(weights + 2 * n),
      n,
      d,
      c,
      m,
    };
  }

  /** @throws SegcanaryError 'io'. */
  async write(
    key: string,
    { rows, means, measured, weights, cover, histogram, n, d, c, m }: CachedEmbeddings,
  ): Promise<void> {
    const sizes = [rows, means, measured, weights, cover].map((v) => v.length);
    if ([d, c, m, 1, 1].some((width, i) => sizes[i] !== n * width))
      throw new RangeError(`${sizes} values are not ${n} times ${[d, c, m, 1, 1]}`);
    const bytesOf = (numbers: Float32Array) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    const body = Buffer.concat([rows, means, measured, weights, cover, histogram].map(bytesOf));
    const head = Buffer.alloc(ROWS_AT);
    MAGIC.copy(head);
    head.writeUInt32LE(n, 8);
    head.writeUInt32LE(d, 12);
    head.writeUInt32LE(c, 16);
    head.writeUInt32LE(m, 20);
    head.writeUInt32LE(histogram.length, 24);
    digest(key, [n, d, c, m, histogram.length], body).copy(head, HASH_AT);
    await writeFileAtomically(this.#path(key), Buffer.concat([head, body]));
  }

  #path(key: string): string {
    return join(this.dir, `${key}.embeddings`);
  }
}

function digest(key: string, sizes: readonly number[], body: Uint8Array): Buffer {
  return Buffer.from(sha256(`${key} ${sizes.join(' ')} `, body), 'hex');
}
