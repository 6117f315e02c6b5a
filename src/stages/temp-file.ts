import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';

/** Numbers on disk in the machine's own byte order. */
type Numbers = Float32Array | Int32Array;

/**
 * A file without a name: unlinked as soon as it is open, so that nothing is left behind however the process ends, and readable by its
 * owner alone, since it holds a patient's scan.
 */
export class TempFile {
  readonly #handle: FileHandle;
  readonly #folder: string;
  readonly #owner: string;
  #length = 0;

  private constructor(handle: FileHandle, folder: string, owner: string) {
    this.#handle = handle;
    this.#folder = folder;
    this.#owner = owner;
  }

  /**
   * @param folder where; the system's folder for temporary files if undefined
   * @param owner the case, for messages
   * @throws SegcanaryError `io`
   */
  static async open(folder: string | undefined, owner: string): Promise<TempFile> {
    const where = folder ?? tmpdir();
    const path = join(where, `segcanary-${randomUUID()}`);
    try {
      const handle = await open(path, 'wx+', 0o600);
      await unlink(path);
      return new TempFile(handle, where, owner);
    } catch (cause) {
      throw failure(owner, `cannot make a temporary file in ${where}`, cause);
    }
  }

  /** Bytes written at the end so far. */
  get length(): number {
    return this.#length;
  }

  /** Writes at the end and returns the position of the first byte. */
  async append(numbers: Numbers): Promise<number> {
    const position = this.#length;
    await this.write(numbers, position);
    this.#length += numbers.byteLength;
    return position;
  }

  async write(numbers: Numbers, position: number): Promise<void> {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    } catch (cause) {
      throw failure(this.#owner, `cannot write the temporary file in ${this.#folder}`, cause);
    }
  }

  /** Fills `numbers` from a position that has been written. */
  async read(numbers: Numbers, position: number): Promise<void> {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, position + done);
        if (bytesRead === 0) throw new Error('the file is shorter than what was written to it');
        done += bytesRead;
      }
    } catch (cause) {
      throw failure(this.#owner, `cannot read the temporary file in ${this.#folder}`, cause);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function failure(owner: string, what: string, cause: unknown): SegcanaryError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const why = full ? 'the disk is full' : (code ?? message);
  return new SegcanaryError('io', `${owner}: ${what} (${why}); name a folder with room for the scan with --tmpdir.`, {
    cause,
  });
}
