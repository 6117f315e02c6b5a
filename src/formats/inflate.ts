import { createGunzip, type Gunzip } from 'node:zlib';
import { SegcanaryError } from '../errors.js';
import { beyond, DEFAULT_LIMITS, RATIO_FROM, type ScanLimits } from '../limits.js';

/**
 * Bytes in, gzip or not; plain bytes out. Tells gzip by its first two bytes, reads members one
 * after another as gunzip does, and checks every member's checksum and length. Zeros after the last
 * member are padding, anything else there is damage, behind the padding too. Never more than about
 * two pieces of 128 kB ahead of its reader. A bomb is stopped: by the ratio of what comes out to
 * what went in, and by the bytes in all.
 */
export class Inflater {
  readonly #name: string;
  readonly #limits: Pick<ScanLimits, 'bytes' | 'ratio'>;
  /** Bytes taken and given. */
  #packed = 0;
  #unpacked = 0;
  /** undefined until two bytes have come; null for bytes that are not gzip. */
  #gunzip: Gunzip | null | undefined;
  #first: Uint8Array = new Uint8Array(0);
  /** Whether zeros came behind the last member. */
  #isPadding = false;
  #error: Error | null = null;

  /** @param name of the file, for messages */
  constructor(name: string, limits: Pick<ScanLimits, 'bytes' | 'ratio'> = DEFAULT_LIMITS) {
    this.#name = name;
    this.#limits = limits;
  }

  /** Whether the bytes are gzip; undefined while fewer than two have come. */
  get isGzip(): boolean | undefined {
    return this.#gunzip === undefined ? undefined : this.#gunzip !== null;
  }

  /** @throws SegcanaryError `gzip-corrupt`, `limit-exceeded` */
  async *push(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    this.#packed += bytes.length;
    if (this.#gunzip === undefined) {
      bytes = this.#first.length > 0 ? Buffer.concat([this.#first, bytes]) : bytes;
      if (bytes.length < 2) {
        // A copy: the giver may reuse its buffer.
        this.#first = Uint8Array.from(bytes);
        return;
      }
      this.#gunzip = bytes[0] === 0x1f && bytes[1] === 0x8b ? this.#start() : null;
    }
    if (this.#gunzip === null) {
      this.#count(bytes.length);
      yield bytes;
      return;
    }
    // zlib ends by itself at zeros after a member, the padding of tapes and disks, and takes no
    // more.
    if (this.#isPadding) {
      this.#refuseUnlessZero(bytes);
      return;
    }
    let taken = false;
    this.#gunzip.write(bytes, () => {
      taken = true;
      this.#wake();
    });
    yield* this.#drain(this.#gunzip, () => taken);
    // What it did not take of these bytes is at their end.
    const left = this.#packed - this.#gunzip.bytesWritten;
    this.#isPadding = left > 0;
    this.#refuseUnlessZero(bytes.subarray(bytes.length - left));
  }

  /**
   * @throws SegcanaryError `truncated` when the gzip data ended early, `gzip-corrupt` when its
   *   checksum or length is wrong
   */
  async *end(): AsyncGenerator<Uint8Array> {
    if (this.#gunzip) {
      const gunzip = this.#gunzip;
      gunzip.end();
      yield* this.#drain(gunzip, () => false);
    } else if (this.#first.length > 0 && this.#gunzip === undefined) {
      yield this.#first;
    }
  }

  /** Gives the decompressor back. */
  close(): void {
    this.#gunzip?.destroy();
    this.#wake();
  }

  #wake: () => void = () => {};

  #start(): Gunzip {
    const gunzip = createGunzip({ chunkSize: 1 << 17 });
    const wake = () => this.#wake();
    gunzip.on('readable', wake).on('end', wake).on('close', wake);
    gunzip.on('error', (error) => {
      this.#error = error;
      wake();
    });
    return gunzip;
  }

  async *#drain(gunzip: Gunzip, done: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      for (let piece = gunzip.read() as Buffer | null; piece !== null; piece = gunzip.read() as Buffer | null) {
        this.#count(piece.length);
        yield piece;
      }
      if (this.#error) throw this.#explain(this.#error);
      if (done() || gunzip.readableEnded || gunzip.destroyed) return;
      await woken;
    }
  }

  #refuseUnlessZero(padding: Uint8Array): void {
    if (padding.every((byte) => byte === 0)) return;
    throw new SegcanaryError(
      'gzip-corrupt',
      'something follows the zeros behind the gzip data, which nothing would read; copy the file again, or unpack it and look at what is there.',
      { subject: this.#name },
    );
  }

  #count(bytes: number): void {
    this.#unpacked += bytes;
    const { bytes: most, ratio } = this.#limits;
    if (this.#unpacked > most) throw beyond('bytes', most, this.#name);
    if (this.#unpacked > RATIO_FROM && this.#unpacked > ratio * this.#packed) throw beyond('ratio', ratio, this.#name);
  }

  #explain(cause: NodeJS.ErrnoException): SegcanaryError {
    if (cause.code === 'Z_BUF_ERROR') {
      return new SegcanaryError('truncated', 'the gzip data ends early; the file is incomplete, copy it again.', {
        subject: this.#name,
        cause,
      });
    }
    return new SegcanaryError('gzip-corrupt', `the gzip data is damaged (${cause.message}); copy the file again.`, {
      subject: this.#name,
      cause,
    });
  }
}

/** The plain bytes of a stream that may be gzip. */
export async function* inflate(
  source: AsyncIterable<Uint8Array>,
  name: string,
  limits?: Pick<ScanLimits, 'bytes' | 'ratio'>,
): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater(name, limits);
  try {
    for await (const bytes of source) yield* inflater.push(bytes);
    yield* inflater.end();
  } finally {
    inflater.close();
  }
}
