import type { Warning } from '../../results.js';
import { hasNiftiLength } from '../identify.js';

/**
 * What follows the last voxel of a file. The header says how many voxels there are, so bytes behind
 * them are voxels that nobody judges, a second file, or padding; which of these, their beginning
 * and whether they are zeros can only hint at.
 */
export class TrailingData {
  readonly #sliceBytes: number;
  readonly #start = new Uint8Array(4);
  #bytes = 0;
  #isZero = true;

  /** @param sliceBytes of one slice, as stored */
  constructor(sliceBytes: number) {
    this.#sliceBytes = sliceBytes;
  }

  /** Takes the next bytes of the file, of which the first `before` still belong to its voxels. */
  push(bytes: Uint8Array, before: number): void {
    const rest = bytes.subarray(Math.min(Math.max(before, 0), bytes.length));
    if (this.#bytes < 4) this.#start.set(rest.subarray(0, 4 - this.#bytes), this.#bytes);
    this.#bytes += rest.length;
    this.#isZero &&= rest.every((byte) => byte === 0);
  }

  /** What there is to say at the end of the file; null where it ended with the last voxel. */
  warning(): Warning | null {
    if (this.#bytes === 0) return null;
    const count = this.#bytes === 1 ? 'a byte' : `${this.#bytes} bytes`;
    const message = `The last voxel that its header announces is followed by ${count}, ${this.#hint()}.`;
    return { code: 'trailing-data', message };
  }

  #hint(): string {
    const slices = this.#bytes / this.#sliceBytes;
    const many = `as many as ${slices === 1 ? 'a slice has' : `${slices} slices have`}`;
    if (hasNiftiLength(this.#start, 348) || hasNiftiLength(this.#start, 540))
      return 'and they begin as another NIfTI file does: only the first of them was read';
    if (Number.isInteger(slices)) return `${many}: a part of the scan was probably not read`;
    return this.#isZero ? 'all of them zero: padding, or voxels that were not read' : 'of which nothing was read';
  }
}
