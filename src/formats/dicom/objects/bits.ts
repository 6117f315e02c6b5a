/** Bytes that so many bits take. */
export const bytesOf = (bits: number): number => Math.ceil(bits / 8);

/**
 * One bit a voxel, the first in the lowest bit of the first byte (PS3.5 section 8.1.1).
 *
 * @param labels voxels of a frame
 * @param isIn whether voxels of a label are in, by label
 */
export function packed(labels: ArrayLike<number>, isIn: Uint8Array): Uint8Array {
  const bits = new Uint8Array(bytesOf(labels.length));
  for (let i = 0; i < labels.length; i++) bits[i >> 3] |= isIn[labels[i]] << (i & 7);
  return bits;
}

/**
 * Frames of bits, each of which begins in a byte of its own, made into one run of bits in which
 * nothing lies between them.
 */
export class BitRun {
  readonly #bits: number;
  /** Bits that fill no byte yet, and how many. */
  #rest = 0;
  #count = 0;

  /** @param bits of a frame */
  constructor(bits: number) {
    this.#bits = bits;
  }

  /** The whole bytes that a frame completes. */
  add(frame: Uint8Array): Uint8Array {
    const total = this.#count + this.#bits;
    const out = new Uint8Array(total >> 3);
    const shift = this.#count;
    let rest = this.#rest;
    for (let i = 0; i < out.length; i++) {
      const byte = i < frame.length ? frame[i] : 0;
      out[i] = rest | (byte << shift);
      rest = byte >> (8 - shift);
    }
    // The last bytes of the frame, as far as they have made no byte.
    const left = out.length < frame.length ? frame[out.length] << shift : 0;
    this.#rest = (rest | left) & 0xff;
    this.#count = total & 7;
    return out;
  }

  /** The last byte, where one is begun; its upper bits are 0. */
  end(): Uint8Array {
    return this.#count > 0 ? Uint8Array.of(this.#rest) : new Uint8Array(0);
  }
}
