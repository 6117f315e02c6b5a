import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbort, SegcanaryError } from '../../errors.js';
import { cannotRead } from '../../files/atomic.js';
import type { FileRange } from '../../files/file-range.js';
import type { DicomHeader } from './dicom-header.js';
import { readDicomHeader } from './header.js';

/** A file that cannot be read, or whose header is damaged. */
export interface DamagedFile {
  /** Below the folder, or inside the archive, that a user gave. */
  readonly name: string;
  readonly error: SegcanaryError;
}

/** Something below a folder: a file, or what cannot be looked into. */
export type FoundFile = FileRange | DamagedFile;

/** What the header pass makes of a file. */
export type FoundHeader = DicomHeader | DamagedFile;

export const isDamaged = (found: FoundFile | FoundHeader): found is DamagedFile => 'error' in found;

/** Files that are looked at, and headers that are read, at a time. */
const AT_A_TIME = 16;

/**
 * The files below a folder at any depth, whatever they are called, in the order of their names. A
 * folder that is reached twice, through links, is taken once; hidden files and folders, the index
 * of a medium (DICOMDIR, PS3.10 section 8) and what is no file are left out.
 *
 * @throws SegcanaryError `io` when the folder itself cannot be read, `aborted`
 */
export async function* filesBelow(folder: string, signal?: AbortSignal): AsyncGenerator<FoundFile> {
  yield* walk(folder, '', new Set(), signal);
}

async function* walk(
  root: string,
  below: string,
  seen: Set<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<FoundFile> {
  if (signal?.aborted) throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: root });
  const folder = below === '' ? root : join(root, below);
  const { dev, ino } = await stat(folder, { bigint: true }).catch((cause: unknown) => {
    throw cannotRead(below === '' ? root : below, cause);
  });
  const place = `${dev}:${ino}`;
  if (seen.has(place)) return;
  seen.add(place);
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw cannotRead(below === '' ? root : below, cause);
  });
  const names = entries.filter((name) => !name.startsWith('.') && !/^DICOMDIR$/i.test(name)).sort(byCodeUnit);
  for (let from = 0; from < names.length; from += AT_A_TIME) {
    const some = names.slice(from, from + AT_A_TIME);
    const looks = await Promise.all(some.map((name) => lookAt(root, below === '' ? name : `${below}/${name}`)));
    for (const found of looks) {
      if (found === null) continue;
      if (typeof found !== 'string') {
        yield found;
        continue;
      }
      try {
        yield* walk(root, found, seen, signal);
      } catch (error) {
        if (!(error instanceof SegcanaryError) || isAbort(error)) throw error;
        yield { name: found, error };
      }
    }
  }
}

/** A file, a folder by its name, or null for what is neither. */
async function lookAt(root: string, name: string): Promise<FoundFile | string | null> {
  const path = join(root, name);
  try {
    const found = await stat(path);
    if (found.isDirectory()) return name;
    return found.isFile() ? { name, path, start: 0, length: found.size } : null;
  } catch (cause) {
    return { name, error: cannotRead(name, cause) };
  }
}

/**
 * The headers of those files that are DICOM, in the order of the files; several are read at a time,
 * and no pixels.
 *
 * @throws SegcanaryError `aborted`
 */
export async function* readHeaders(
  files: Iterable<FoundFile> | AsyncIterable<FoundFile>,
  signal?: AbortSignal,
): AsyncGenerator<FoundHeader> {
  const reading: Promise<FoundHeader | null>[] = [];
  for await (const file of files) {
    if (signal?.aborted) throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: file.name });
    reading.push(isDamaged(file) ? Promise.resolve(file) : headerOf(file, signal));
    if (reading.length < AT_A_TIME) continue;
    const found = await reading.shift();
    if (found) yield found;
  }
  for (const found of reading) {
    const header = await found;
    if (header) yield header;
  }
}

async function headerOf(file: FileRange, signal: AbortSignal | undefined): Promise<FoundHeader | null> {
  try {
    return await readDicomHeader(file, { signal });
  } catch (error) {
    if (isAbort(error) || !(error instanceof SegcanaryError)) throw error;
    return { name: file.name, error };
  }
}

/** An order that does not depend on the machine's language. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
