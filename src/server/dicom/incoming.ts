import { createHmac, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SegcanaryError } from '../../errors.js';
import { cannotWrite } from '../../files/atomic.js';
import type { DicomHeader } from '../../formats/dicom/dicom-header.js';
import { readDicomHeader } from '../../formats/dicom/header.js';
import type { StoreRequest } from '../../protocol/dimse/acceptor.js';
import { STATUS } from '../../protocol/dimse/command-set.js';
import { encodeFileMeta } from '../../protocol/dimse/part10.js';
import type { GatheringFolder } from './gather.js';

/** Why a file is not taken: the status that its sender is told, and a sentence for our log. */
export interface Refused {
  readonly status: number;
  readonly why: string;
}

/** What became of a file: where it lies, or why it is not taken. */
export type Received = { readonly folder: string } | Refused;

/** A file that is coming in: whole under its name after `commit`, or not there at all. */
export interface IncomingFile {
  write(bytes: Buffer): Promise<void>;
  commit(): Promise<Received>;
  discard(): Promise<void>;
}

/** Hidden, and so no file of the series: it stands beside files whose sender was cut off. */
const CUT = '.cut';
/** Hexadecimal digits of a name: 128 bits. */
const DIGITS = 32;
/** Folders of this module. Others, as a file manager leaves them, are let lie. */
const GATHERING = /^[0-9a-f]{32}\.[0-9a-f]{32}$/;
const JOB = /^\d{14,}\.[0-9a-f]{32}\.[0-9a-f]{8}$/;
/** Bytes that have to be free on the disk before another file is taken. */
const LEAST_FREE = 2 ** 28;

/**
 * Where objects lie from their C-STORE to their score: `incoming/STUDY.SERIES/OBJECT.dcm` while a
 * series gathers, `scoring/…` from when it is complete. Names are keyed hashes of UIDs.
 */
export class IncomingFolder {
  readonly #key: Uint8Array;
  readonly #receiving: string;
  readonly #incoming: string;
  readonly #scoring: string;
  readonly #leastFree: number;

  private constructor(data: string, key: Uint8Array, leastFree: number) {
    this.#key = key;
    this.#receiving = join(data, 'receiving');
    this.#incoming = join(data, 'incoming');
    this.#scoring = join(data, 'scoring');
    this.#leastFree = leastFree;
  }

  /**
   * What a process before was receiving was not acknowledged: it goes.
   *
   * @throws SegcanaryError `io`
   */
  static async open(data: string, key: Uint8Array, { leastFree = LEAST_FREE } = {}): Promise<IncomingFolder> {
    const folder = new IncomingFolder(data, key, leastFree);
    try {
      await rm(folder.#receiving, { recursive: true, force: true });
      for (const path of [folder.#receiving, folder.#incoming, folder.#scoring])
        await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw cannotWrite(data, cause);
    }
    return folder;
  }

  /** @throws SegcanaryError `io` where the disk has no room for it, or cannot be written */
  async begin(request: StoreRequest): Promise<IncomingFile> {
    const { bavail, bsize } = await statfs(this.#receiving);
    if (bavail * bsize < this.#leastFree)
      throw new SegcanaryError('io', 'The disk of the data folder is nearly full: no more objects are taken.');
    const path = join(this.#receiving, randomBytes(12).toString('hex'));
    const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
      throw cannotWrite(path, cause);
    });
    const discard = async () => {
      await file.close().catch(() => {});
      await rm(path, { force: true });
    };
    try {
      await writeAll(file, encodeFileMeta(request));
    } catch (cause) {
      await discard();
      throw cannotWrite(path, cause);
    }
    return {
      write: async (bytes) => {
        await writeAll(file, bytes).catch((cause: unknown) => {
          throw cannotWrite(path, cause);
        });
      },
      commit: async () => {
        try {
          // What was acknowledged is there after a power cut too.
          await file.datasync();
          const { size } = await file.stat();
          await file.close();
          const header = await this.#headerOf(path, size, request);
          if ('status' in header) {
            await discard();
            return header;
          }
          return { folder: await this.#place(path, header) };
        } catch (error) {
          await discard();
          throw error;
        }
      },
      discard,
    };
  }

  async #headerOf(path: string, length: number, request: StoreRequest): Promise<DicomHeader | Refused> {
    try {
      const header = await readDicomHeader({ name: 'the object', path, start: 0, length });
      if (header === null || header.series === '')
        return { status: STATUS.cannotUnderstand, why: 'it has no Series Instance UID' };
      const isRight = header.sopInstance === request.sopInstance && header.sopClass === request.sopClass;
      return isRight
        ? header
        : { status: STATUS.doesNotMatchClass, why: 'it is another object, or of another class, than was announced' };
    } catch (error) {
      if (!(error instanceof SegcanaryError) || error.code === 'io') throw error;
      return { status: STATUS.cannotUnderstand, why: error.message.replace(/^the object: |\.$/g, '') };
    }
  }

  /** An object that was there before is replaced. */
  async #place(path: string, { study, series, sopInstance }: DicomHeader): Promise<string> {
    const name = `${this.#hash(study)}.${this.#hash(series)}`;
    const folder = join(this.#incoming, name);
    for (let tries = 1; ; tries++) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const opened = await open(folder);
        try {
          await rename(path, join(folder, `${this.#hash(sopInstance)}.dcm`));
          // Whoever was cut off has come again.
          await rm(join(folder, CUT), { force: true });
          // Open, it is the same folder wherever it is taken meanwhile.
          await opened.sync();
        } finally {
          await opened.close();
        }
        return name;
      } catch (cause) {
        // The series was taken away to be scored just before: this file begins the next.
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 10) throw cannotWrite(folder, cause);
      }
    }
  }

  #hash(uid: string): string {
    return createHmac('sha256', this.#key).update(uid).digest('hex').slice(0, DIGITS);
  }

  /**
   * Notes that the sender of a series was cut off. One that was taken away meanwhile is not there.
   */
  async markCut(name: string): Promise<void> {
    const path = join(this.#incoming, name, CUT);
    await writeFile(path, '', { mode: 0o600 }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cannotWrite(path, cause);
    });
  }

  /** Whether the sender of a series that was taken away had been cut off. */
  async wasCut(job: string): Promise<boolean> {
    return (await readdir(this.pathOf(job))).includes(CUT);
  }

  /** What is gathering, with the times of its first and its last file. */
  async gathering(): Promise<GatheringFolder[]> {
    const found: GatheringFolder[] = [];
    for (const name of await foldersIn(this.#incoming, GATHERING)) {
      const folder = join(this.#incoming, name);
      let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const files = await readdir(folder);
      for (const file of files) {
        const { mtimeMs } = await stat(join(folder, file));
        first = Math.min(first, mtimeMs);
        last = Math.max(last, mtimeMs);
      }
      if (first <= last) found.push({ name, first, last, isCut: files.includes(CUT) });
      // It was made for a file that did not come to lie in it.
      else await rm(folder, { recursive: true });
    }
    return found;
  }

  /** Takes a complete series away to be scored; null where there is none of that name any more. */
  async take(name: string, now: number): Promise<string | null> {
    const from = join(this.#incoming, name);
    const time = String(Math.floor(now)).padStart(14, '0');
    const job = `${time}.${name.split('.')[1]}.${randomBytes(4).toString('hex')}`;
    try {
      await rename(from, join(this.#scoring, job));
    } catch (cause) {
      const isThere = await stat(from).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
      );
      if (!isThere) return null;
      throw cannotWrite(this.#scoring, cause);
    }
    // Without it the series may gather once more after a power cut, and is not lost.
    await syncFolder(this.#scoring).catch(() => {});
    return job;
  }

  /** Series that are complete and not yet done with, in the order that they became so. */
  async jobs(): Promise<string[]> {
    return (await foldersIn(this.#scoring, JOB)).sort();
  }

  pathOf(job: string): string {
    return join(this.#scoring, job);
  }

  /** Removes the files of a series that is done with. */
  async remove(job: string): Promise<void> {
    await rm(this.pathOf(job), { recursive: true, force: true });
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
}

async function foldersIn(path: string, names: RegExp): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && names.test(entry.name)).map(({ name }) => name);
}

/** A rename is on the disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
