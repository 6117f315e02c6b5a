import { randomUUID } from 'node:crypto';
import { close, openSync, read, unlinkSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SegcanaryError } from '../errors.js';

const writeAt = promisify(write);
const readAt = promisify(read);
const closeFile = promisify(close);

/** Numbers on disk in the machine's own byte order. */
type Numbers = Float32Array | Int32Array | Uint16Array | Uint8Array;

/** A file without a name. One reading or writing at a time. */
export class TempFile {
  readonly #descriptor: number;
  readonly #folder: string;
  readonly #owner: string;
  #length = 0;
  #busy: Promise<void> = Promise.resolve();
  #closed = false;

  /** Takes over an open descriptor. `folder` and `owner` are for messages. */
  constructor(descriptor: number, folder: string, owner: string) {
    this.#descriptor = descriptor;
    this.#folder = folder;
    this.#owner = owner;
  }

  /**
   * Makes a file and unlinks it at once, both synchronously: there is no moment at which an abort,
   * an exit or a second scan could find its name. Only the owner may read it, for it holds a
   * patient's scan.
   *
   * @param folder where; the system's folder for temporary files if undefined
   * @param owner the case, for messages
   * @throws SegcanaryError `io`
   */
  static open(folder: string | undefined, owner: string): TempFile {
    const where = folder ?? tmpdir();
    const path = join(where, `segcanary-${randomUUID()}`);
    try {
      const descriptor = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return new TempFile(descriptor, where, owner);
    } catch (cause) {
      throw temporaryFailure(owner, `cannot make a temporary file in ${where}`, cause);
    }
  }

  /** Writes at the end and returns the position of the first byte. */
  async append(numbers: Numbers): Promise<number> {
    const position = this.#length;
    await this.write(numbers, position);
    this.#length += numbers.byteLength;
    return position;
  }

  async write(numbers: Numbers, position: number): Promise<void> {
    await this.#each(numbers, 'write', async (bytes, done) => {
      const rest = bytes.length - done;
      return (await writeAt(this.#descriptor, bytes, done, rest, position + done)).bytesWritten;
    });
  }

  /** Fills `numbers` from a position that has been written. */
  async read(numbers: Numbers, position: number): Promise<void> {
    await this.#each(numbers, 'read', async (bytes, done) => {
      const rest = bytes.length - done;
      return (await readAt(this.#descriptor, bytes, done, rest, position + done)).bytesRead;
    });
  }

  /** Gives the disk space back, once what is under way has ended. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#busy;
    await closeFile(this.#descriptor);
  }

  /** Calls `step` until all bytes have been moved. */
  async #each(
    numbers: Numbers,
    verb: 'write' | 'read',
    step: (bytes: Uint8Array, done: number) => Promise<number>,
  ): Promise<void> {
    if (this.#closed) throw new SegcanaryError('aborted', 'stopped.', { subject: this.#owner });
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    const run = async (): Promise<void> => {
      for (let done = 0; done < bytes.length; ) {
        const moved = await step(bytes, done);
        if (moved === 0) throw new Error('the file is shorter than what was written to it');
        done += moved;
      }
    };
    const running = run();
    // A descriptor closed under a running operation could by then be another file's.
    this.#busy = running.catch(() => {});
    try {
      await running;
    } catch (cause) {
      throw temporaryFailure(this.#owner, `cannot ${verb} the temporary file in ${this.#folder}`, cause);
    }
  }
}

/** The sentence for a temporary file that cannot be made, written or read. */
export function temporaryFailure(owner: string, what: string, cause: unknown): SegcanaryError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const why = full ? 'the disk is full' : (code ?? message);
  return new SegcanaryError('io', `${what} (${why}); name a folder with room for the scan with \`tmpdir\`.`, {
    option: 'tmpdir',
    subject: owner,
    cause,
  });
}
