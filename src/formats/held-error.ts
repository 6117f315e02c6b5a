import { SegcanaryError } from '../errors.js';

/** Unpacked bytes that are still read after a header was found wrong, until that is told. */
const PATIENCE = 2 ** 25;

/**
 * An error of what gzip unpacked to, kept until the checksum was read: where that is wrong too, the
 * packing was damaged, and what came out of it says nothing of the scan. Voxels that are no numbers
 * wait for the end, which would have been read anyway, in plain bytes as well: those of a pair were
 * unpacked before. A header that is wrong waits for 32 MiB, so that nobody reads a large file of
 * another format to its end.
 */
export class HeldError {
  #error: SegcanaryError | null = null;
  #passed = 0;

  get error(): SegcanaryError | null {
    return this.#error;
  }

  /** Keeps an error of packed bytes, or of voxels, and throws every other. */
  hold(error: unknown, isGzip: boolean): void {
    if (!(error instanceof SegcanaryError) || !(isGzip || error.code === 'non-finite')) throw error;
    this.#error = error;
  }

  /**
   * Counts bytes that came and were not looked at.
   *
   * @throws the error where it has waited long enough
   */
  pass(bytes: number): void {
    this.#passed += bytes;
    if (this.#error?.code !== 'non-finite' && this.#passed > PATIENCE) this.throw();
  }

  /** Throws the error, if there is one: nothing was wrong with the packing. */
  throw(): void {
    if (this.#error) throw this.#error;
  }
}
