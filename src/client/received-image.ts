import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { SegcanaryError } from '../errors.js';
import { type AtomicFile, cannotWrite, createAtomicFile } from '../files/atomic.js';
import { ServerError } from './server-error.js';

/**
 * Where an image of an answer goes: a path that ends in `.nii` or `.nii.gz`, or a stream, which
 * gets gzip and is ended (process.stdout is left open).
 */
export type ImageTarget = string | Writable;

/**
 * An image that is being received. A file appears under its name when the whole answer was good, or
 * not at all.
 */
export class ReceivedImage {
  readonly #target: ImageTarget;
  #file: AtomicFile | null = null;

  /** @throws SegcanaryError `usage` for a path of another ending */
  constructor(target: ImageTarget) {
    if (typeof target === 'string' && !/\.nii(\.gz)?$/i.test(target))
      throw new SegcanaryError('usage', 'name a file that ends in .nii or .nii.gz.', { subject: target });
    this.#target = target;
  }

  /**
   * Takes the packed bytes, at the pace of the disk or of the stream's reader.
   *
   * @throws SegcanaryError `io`; what `bytes` throws
   */
  async receive(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const target = this.#target;
    if (typeof target !== 'string') return pipeline(bytes, target, { end: target !== process.stdout });
    this.#file = await createAtomicFile(target);
    const { stream } = this.#file;
    try {
      await (/\.gz$/i.test(target) ? pipeline(bytes, stream) : pipeline(bytes, createGunzip(), stream));
    } catch (error) {
      throw error instanceof ServerError || error instanceof SegcanaryError ? error : cannotWrite(target, error);
    }
  }

  /** @throws SegcanaryError `io` */
  async commit(): Promise<void> {
    await this.#file?.commit();
  }

  async discard(): Promise<void> {
    await this.#file?.discard();
  }
}
