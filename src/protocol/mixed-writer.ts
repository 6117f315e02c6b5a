import { randomUUID } from 'node:crypto';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SegcanaryError } from '../errors.js';
import { timerMs } from '../limits.js';
import { attachment } from './disposition.js';

/**
 * A multipart/mixed body (RFC 2046) that is written while it is being sent: parts one after
 * another, each streamed. Whoever writes goes at the pace of its reader. `mixed-reader.ts` takes it
 * apart again.
 */
export class MixedBody<Part extends string> {
  readonly #patience: number;
  readonly #boundary = `segcanary-${randomUUID()}`;
  readonly body = new PassThrough();
  #begun: () => void = () => {};
  /** Resolves with the first byte: from here on the status of the answer cannot change any more. */
  readonly begun = new Promise<void>((resolve) => {
    this.#begun = resolve;
  });

  /** @param patience seconds that a reader may take nothing */
  constructor(patience: number) {
    this.#patience = patience;
  }

  get contentType(): string {
    return `multipart/mixed; boundary="${this.#boundary}"`;
  }

  /**
   * A part that is written by others: its first bytes begin it. What is ended is the part, not the
   * body.
   */
  part(name: Part, type: string, fileName: string): Writable {
    let open = false;
    return new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        if (!open) this.#head(name, type, fileName);
        open = true;
        this.#write(chunk).then(() => done(), done);
      },
    });
  }

  /** A whole part from a stream. */
  async stream(name: Part, type: string, fileName: string, bytes: Readable): Promise<void> {
    await pipeline(bytes, this.part(name, type, fileName));
  }

  /** The last part, and the end. */
  async json(name: Part, value: object): Promise<void> {
    this.#head(name, 'application/json', null);
    await this.#write(Buffer.from(`${JSON.stringify(value)}\r\n--${this.#boundary}--\r\n`));
    this.body.end();
  }

  #first = true;

  #head(name: Part, type: string, fileName: string | null): void {
    const start = this.#first ? '' : '\r\n';
    this.#first = false;
    this.body.write(
      `${start}--${this.#boundary}\r\nContent-Type: ${type}\r\nContent-Disposition: ${attachment(fileName, name)}\r\n\r\n`,
    );
    this.#begun();
  }

  #write(chunk: Uint8Array): Promise<void> {
    if (this.body.destroyed) return Promise.reject(gone());
    if (this.body.write(chunk)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer);
        this.body.off('drain', drained);
        this.body.off('close', closed);
        if (error) reject(error);
        else resolve();
      };
      const closed = () => settle(gone());
      const drained = () => settle();
      const timer = setTimeout(() => {
        settle(
          new SegcanaryError('timed-out', `The reader of the answer took nothing for ${this.#patience} s; ask again.`),
        );
        this.body.destroy();
      }, timerMs(this.#patience));
      this.body.once('drain', drained);
      this.body.once('close', closed);
    });
  }
}

const gone = () => new SegcanaryError('aborted', 'The reader of the answer has gone.');
