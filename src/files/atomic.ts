import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { SegcanaryError } from '../errors.js';
import { isFolder } from './is-folder.js';
import { passingName, removeLeftovers } from './leftovers.js';

/** A file that appears under its name whole, or not at all. */
export interface AtomicFile {
  /** Where the bytes go. Pipe into it or write to it; end it or let `commit` do so. */
  readonly stream: Writable;
  /**
   * Waits for the stream, syncs the bytes to the disk and gives the file its name, replacing an
   * older one.
   */
  commit(): Promise<void>;
  /** Removes what was written. Does nothing after `commit`, and may be called twice. */
  discard(): Promise<void>;
}

/**
 * Opens a hidden file of a passing name beside `path`: the same folder, because a rename is atomic
 * only within one file system. What killed processes left of the same file is removed first.
 *
 * @throws SegcanaryError `io` when the file cannot be created, written or renamed
 */
export async function createAtomicFile(path: string): Promise<AtomicFile> {
  await removeLeftovers(path);
  const partial = passingName(path, 'partial');
  // `flush` is fsync before close: a name must never appear before its bytes are on the disk.
  const stream = createWriteStream(partial, { flags: 'wx', flush: true, highWaterMark: 1 << 18 });
  await once(stream, 'open').catch((cause) => {
    throw cannotWrite(path, cause);
  });
  // A failed write is reported by commit, or by whoever pipes into the stream; without a listener
  // it would end the process.
  stream.on('error', () => {});
  let settled = false;
  const discard = async () => {
    if (settled) return;
    settled = true;
    stream.destroy();
    await finished(stream).catch(() => {});
    await rm(partial, { force: true });
  };
  const commit = async () => {
    try {
      if (!stream.writableEnded) stream.end();
      await finished(stream);
      await rename(partial, path);
      settled = true;
    } catch (cause) {
      await discard();
      throw cannotWrite(path, cause);
    }
  };
  return { stream, commit, discard };
}

/**
 * Writes a small file so that a reader finds the old content or the new, never a part.
 *
 * @throws SegcanaryError `io`
 */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const file = await createAtomicFile(path);
  file.stream.end(data);
  await file.commit();
}

/**
 * Makes a folder and those above it; one that is there already is fine.
 *
 * @throws SegcanaryError `io`
 */
export async function makeFolder(path: string): Promise<void> {
  await makeWithParents(resolve(path)).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
}

/**
 * One after another from the first that is missing, because a recursive mkdir of Node goes on for
 * ever where a folder is there and none can be made in it (/proc), and says of a read-only disk
 * that the folder above does not exist.
 */
async function makeWithParents(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) await makeWithParents(above);
  // It was given in other bytes, and would be made under a name that nobody asked for.
  if (basename(path).includes('\uFFFD'))
    throw new SegcanaryError('io', `cannot write ${path}: ${NOT_UTF8}; name another folder.`);
  await mkdir(path).catch(async (cause: unknown) => {
    // Somebody else was faster.
    if (await isFolder(path)) return;
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new SegcanaryError('io', `cannot write ${path}: no folder can be made in ${above}.`, { cause });
  });
}

/** The sentence for a system error on reading `path`. */
export function cannotRead(path: string, cause: unknown): SegcanaryError {
  return systemError(`cannot read ${path}`, cause, {
    ENOENT: 'there is no such file or folder',
    EISDIR: 'it is a folder, give a file',
  });
}

/** The sentence for a system error on writing `path`. */
export function cannotWrite(path: string, cause: unknown): SegcanaryError {
  return systemError(`cannot write ${path}`, cause, {
    ENOENT: `the folder ${dirname(path)} does not exist, create it first`,
    EISDIR: 'there is a folder of that name',
    EEXIST: 'there is a file of that name',
    ENOTDIR: `${dirname(path)} is not a folder`,
    ENOSPC: 'the disk is full',
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of its path is not a folder',
  EIO: 'the disk reports an error, copy the file to another one',
  EROFS: 'the file system is read-only',
  EFBIG: 'it would be larger than a file may be here',
  EDQUOT: 'the quota is used up',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
};

/**
 * A name that is not UTF-8 comes from a folder or the command line with U+FFFD in the place of what
 * nobody can read, so that nothing is found under it.
 */
function unreadableName(code: string, what: string): string | undefined {
  if (code !== 'ENOENT' || !what.includes('\uFFFD')) return undefined;
  return `${NOT_UTF8}, so it cannot be opened; rename it`;
}

const NOT_UTF8 = 'its name is not UTF-8 (\uFFFD stands for what cannot be read of it)';

function systemError(what: string, cause: unknown, specific: Readonly<Record<string, string>>): SegcanaryError {
  if (cause instanceof SegcanaryError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = (code && (unreadableName(code, what) ?? specific[code] ?? reasons[code])) || message;
  return new SegcanaryError('io', `${what}: ${reason}.`, { cause });
}
