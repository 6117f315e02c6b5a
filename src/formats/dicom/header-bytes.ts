import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { SegcanaryError } from '../../errors.js';
import { type FileRange, readRange } from '../../files/file-range.js';

/** Bytes that a header is read in at first: that of a slice is 2 to 8 kB long. */
const FIRST = 1 << 14;
/** Bytes that are read at once at most. */
const LARGEST = 1 << 18;
/**
 * Bytes of a header that are read at most. An enhanced object has 1 to 4 kB for a frame, and what
 * is skipped does not count.
 */
export const MOST_HEADER_BYTES = 1 << 26;

/** Bytes one after another, from wherever they are. */
interface Supply {
  /** This many bytes, fewer at the end. */
  next(length: number): Promise<Buffer>;
  /** Passes bytes over; false where there are fewer. */
  skip(length: number): Promise<boolean>;
  close(): void;
}

/**
 * The bytes of a header, read forwards in a window: no more is held than what is looked at, or what
 * was pinned.
 */
export class HeaderBytes {
  readonly #name: string;
  readonly #supply: Supply;
  #buffer: Buffer = Buffer.alloc(0);
  /** Position of the first byte that is held. */
  #base: number;
  #pin: number | null = null;
  /** Bytes from the pin on that are held at most. */
  #most = 0;
  #isOverrun = false;
  #step = FIRST;
  #read = 0;

  private constructor(name: string, supply: Supply, base: number) {
    this.#name = name;
    this.#supply = supply;
    this.#base = base;
  }

  static ofFile(file: FileRange): HeaderBytes {
    return new HeaderBytes(file.name, supplyOf(file), 0);
  }

  /** What a raw deflate stream from `start` on comes to; its first byte is at `start` again. */
  static ofDeflated(file: FileRange, start: number): HeaderBytes {
    return new HeaderBytes(file.name, deflatedSupplyOf(file, start), start);
  }

  /** Whether these bytes are held: `load` need not be awaited. */
  holds(at: number, length: number): boolean {
    return at >= this.#base && at + length <= this.#base + this.#buffer.length;
  }

  /**
   * Reads until these bytes are held, and says whether they are: there may be fewer. Bytes before
   * them are forgotten, unless they are pinned.
   *
   * @throws SegcanaryError `dicom-invalid` when the header is larger than allowed
   */
  async load(at: number, length: number): Promise<boolean> {
    if (this.holds(at, length)) return true;
    const from = this.#pin === null ? at : Math.min(at, this.#pin);
    if (this.#pin !== null && at + length - this.#pin > this.#most)
      throw new SegcanaryError(
        'dicom-invalid',
        `the element at byte ${this.#pin} of its header has more than ${this.#most} bytes; the file is probably damaged or hostile.`,
        { subject: this.#name },
      );
    const end = this.#base + this.#buffer.length;
    if (from > end) {
      if (!(await this.#supply.skip(from - end))) {
        this.#isOverrun = true;
        return false;
      }
      this.#buffer = Buffer.alloc(0);
    } else this.#buffer = this.#buffer.subarray(from - this.#base);
    this.#base = from;
    const parts = [this.#buffer];
    let missing = at + length - (from + this.#buffer.length);
    while (missing > 0) {
      const wanted = Math.min(Math.max(missing, this.#step), LARGEST);
      this.#step = Math.min(4 * this.#step, LARGEST);
      const part = await this.#supply.next(wanted);
      if (part.length === 0) break;
      this.#count(part.length);
      parts.push(part);
      missing -= part.length;
    }
    this.#buffer = parts.length === 1 ? this.#buffer : Buffer.concat(parts);
    return missing <= 0;
  }

  /** The bytes from here on that are held, whatever number. */
  rest(at: number): Buffer {
    return this.#buffer.subarray(Math.max(0, at - this.#base));
  }

  /** Bytes that are held, not copied. */
  view(at: number, length: number): Buffer {
    return this.#buffer.subarray(at - this.#base, at - this.#base + length);
  }

  /** Whether more was to be skipped than there is. */
  get isOverrun(): boolean {
    return this.#isOverrun;
  }

  /** From here on nothing is forgotten, until that is taken back; `most` bytes can be held. */
  pin(at: number, most: number): void {
    this.#pin = at;
    this.#most = most;
  }

  unpin(): void {
    this.#pin = null;
  }

  close(): void {
    this.#supply.close();
  }

  #count(bytes: number): void {
    this.#read += bytes;
    if (this.#read <= MOST_HEADER_BYTES) return;
    throw new SegcanaryError(
      'dicom-invalid',
      `its header is longer than ${MOST_HEADER_BYTES / 2 ** 20} MiB, which no scanner writes; the file is probably damaged or hostile.`,
      { subject: this.#name },
    );
  }
}

function supplyOf(file: FileRange): Supply {
  let position = 0;
  return {
    async next(length) {
      const bytes = await readRange(file, position, length);
      position += bytes.length;
      return bytes;
    },
    async skip(length) {
      position += length;
      return position <= file.length;
    },
    close() {},
  };
}

function deflatedSupplyOf(file: FileRange, start: number): Supply {
  const pieces = inflated(file, start);
  let held: Buffer = Buffer.alloc(0);
  return {
    async next() {
      const bytes = held;
      held = Buffer.alloc(0);
      if (bytes.length > 0) return bytes;
      const { value, done } = await pieces.next();
      return done ? held : value;
    },
    async skip(length) {
      let left = length;
      while (left > 0) {
        const bytes = await this.next(left);
        if (bytes.length === 0) return false;
        if (bytes.length > left) held = bytes.subarray(left);
        left -= bytes.length;
      }
      return true;
    },
    close() {
      void pieces.return(undefined);
    },
  };
}

/**
 * The data set of a deflated file (PS3.5 A.5), piece by piece, never more than two of 16 kB ahead.
 * It ends where the file does, early or not.
 *
 * @param start first byte behind the file meta information
 * @throws SegcanaryError `dicom-invalid` when the deflated data is damaged; `io`
 */
export async function* inflated(file: FileRange, start: number): AsyncGenerator<Buffer, void, undefined> {
  const packed = async function* () {
    for (let at = start; at < file.length; at += FIRST) yield await readRange(file, at, FIRST);
  };
  const inflate = createInflateRaw();
  // Whatever goes wrong is told to whoever reads.
  pipeline(Readable.from(packed(), { highWaterMark: 1 }), inflate, () => {});
  try {
    for await (const piece of inflate) yield piece;
  } catch (cause) {
    if (cause instanceof SegcanaryError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') return;
    throw new SegcanaryError('dicom-invalid', `its deflated data is damaged (${message}); copy the file again.`, {
      subject: file.name,
      cause,
    });
  } finally {
    inflate.destroy();
  }
}
