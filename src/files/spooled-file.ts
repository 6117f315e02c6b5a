import { rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passingName, sweepLeftovers } from './leftovers.js';
import { temporaryFailure } from './temp-file.js';

/** What the passing names of these files are made of. */
const NAME = 'segcanary-archive';

/** Those that are there, so that the end of the process removes them. */
const there = new Set<string>();

/**
 * A temporary file that is written once and then read by its path, by workers too: what archives
 * are unpacked to. Its name is hidden, says which process made it, and nothing of what is in it;
 * only the owner may read it. It is removed at the end of the process, and what a killed one left
 * is removed by the next.
 */
export class SpooledFile {
  readonly path: string;
  readonly #owner: string;
  readonly #folder: string;
  readonly #file: FileHandle;
  #length = 0;

  private constructor(file: FileHandle, path: string, folder: string, owner: string) {
    this.#file = file;
    this.path = path;
    this.#folder = folder;
    this.#owner = owner;
  }

  /**
   * @param folder where; the system's folder for temporary files if undefined
   * @param owner what it is for, for messages
   * @throws SegcanaryError `io`
   */
  static async create(folder: string | undefined, owner: string): Promise<SpooledFile> {
    const where = folder ?? tmpdir();
    await sweepLeftovers(where, (name) => name === NAME);
    const path = passingName(join(where, NAME), 'partial');
    const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
      throw temporaryFailure(owner, `cannot make a temporary file in ${where}`, cause);
    });
    if (there.size === 0) process.once('exit', removeAll);
    there.add(path);
    return new SpooledFile(file, path, where, owner);
  }

  /** Bytes that were written. */
  get length(): number {
    return this.#length;
  }

  /** Writes at the end. One call at a time. @throws SegcanaryError `io` */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; )
        done += (await this.#file.write(bytes, done, bytes.length - done)).bytesWritten;
    } catch (cause) {
      throw temporaryFailure(this.#owner, `cannot write the temporary file in ${this.#folder}`, cause);
    }
    this.#length += bytes.length;
  }

  /** Says that all is written; from now on it is read. */
  async finish(): Promise<void> {
    await this.#file.close();
  }

  /** Closes and removes it; may be called twice. */
  async remove(): Promise<void> {
    await this.#file.close().catch(() => {});
    rmSync(this.path, { force: true });
    there.delete(this.path);
    if (there.size === 0) process.off('exit', removeAll);
  }
}

function removeAll(): void {
  for (const path of there) rmSync(path, { force: true });
}
