import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { SegcanaryError } from '../errors.js';
import { type AtomicFile, cannotWrite, createAtomicFile } from '../files/atomic.js';
import { WrongAnswer } from '../protocol/wrong-answer.js';
import { GzipCheck } from './gzip-check.js';

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
  readonly #check = new GzipCheck();
  #file: AtomicFile | null = null;

  /** @throws SegcanaryError `usage` for a path of another ending */
  constructor(target: ImageTarget) {
    if (typeof target === 'string' && !/\.nii(\.gz)?$/i.test(target))
      throw new SegcanaryError('usage', 'name a file that ends in .nii or .nii.gz.', { subject: target });
    this.#target = target;
  }

  /**
   * Takes the packed bytes, at the pace of the disk or of the stream's reader. Whether they are
   * whole is `commit`'s to say: an image that the server gave up ends early, and why is said behind
   * it.
   *
   * @throws SegcanaryError `io`; what `packed` throws
   */
  async receive(packed: AsyncIterable<Uint8Array>): Promise<void> {
    const bytes = this.#check.passing(packed);
    const target = this.#target;
    try {
      if (typeof target !== 'string') return await pipeline(bytes, target, { end: target !== process.stdout });
      this.#file = await createAtomicFile(target);
      const { stream } = this.#file;
      await (/\.gz$/i.test(target) ? pipeline(bytes, stream) : pipeline(bytes, createGunzip(), stream));
    } catch (error) {
      const { syscall, code } = error as NodeJS.ErrnoException;
      if (typeof syscall === 'string') throw cannotWrite(typeof target === 'string' ? target : 'the image', error);
      if (!code?.startsWith('Z_')) throw error;
    }
  }

  /** @throws WrongAnswer for what was no whole gzip; SegcanaryError `io` */
  async commit(): Promise<void> {
    if (!this.#check.isWhole) throw new WrongAnswer('an image in it is no whole gzip');
    await this.#file?.commit();
  }

  async discard(): Promise<void> {
    await this.#file?.discard();
  }
}
