import { stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { SegcanaryError } from '../../errors.js';
import { cannotRead } from '../../files/atomic.js';
import type { FileRange } from '../../files/file-range.js';
import type { Archive } from '../archives/archive.js';
import { type FoundFile, filesBelow } from './find.js';

/**
 * Where the files of one or more series lie. Names are kept and not the files: of a batch there may
 * be half a million.
 */
export interface FilePlace {
  /** What a user called it. */
  readonly name: string;
  /** Whether it was made for files of scans alone, so that one without is wrong. */
  readonly isArchive: boolean;
  /** What a part of it is called in messages: the folder that files have in common. */
  nameOf(names: readonly string[]): string;
  /** All files. */
  all(signal?: AbortSignal): AsyncIterable<FoundFile>;
  /**
   * Files by their names, as they are now.
   *
   * @throws SegcanaryError `io` where one is gone
   */
  files(names: readonly string[]): Promise<readonly FileRange[]>;
  /** Paths on disk that are read for files of these names. */
  paths(names: readonly string[]): readonly string[];
  /** Keeps files where they are until what is returned is called. */
  hold(): () => void;
}

const nothing = (): void => {};

/** Files below a folder. */
export const folderPlace = (folder: string): FilePlace => ({
  name: folder,
  isArchive: false,
  nameOf: (names) => join(folder, folderOf(names)),
  all: (signal) => filesBelow(folder, signal),
  files: (names) => filesOf(names, (name) => join(folder, name)),
  paths: (names) => names.map((name) => join(folder, name)),
  hold: () => nothing,
});

/** Files that were named one by one. */
export const namedPlace = (paths: readonly string[]): FilePlace => ({
  name: paths.length === 1 ? paths[0] : folderOf(paths) || '.',
  isArchive: false,
  nameOf: (names) => (names.length === 1 ? names[0] : folderOf(names) || '.'),
  async *all() {
    for (const path of paths) yield (await filesOf([path], (name) => name))[0];
  },
  files: (names) => filesOf(names, (name) => name),
  paths: (names) => names,
  hold: () => nothing,
});

/** Files in an archive on disk. */
export const archivePlace = (path: string, archive: Archive): FilePlace => ({
  name: path,
  isArchive: true,
  nameOf: (names) => join(path, folderOf(names)),
  async *all() {
    yield* await archive.files();
  },
  files: async (names) => chosen(await archive.files(), names, path),
  paths: () => [path],
  hold: () => archive.hold(),
});

/** Files that lie where they are until the process ends: of an archive that came as a stream. */
export const heldPlace = (name: string, files: readonly FileRange[]): FilePlace => ({
  name,
  isArchive: true,
  nameOf: (names) => join(name, folderOf(names)),
  async *all() {
    yield* files;
  },
  files: async (names) => chosen(files, names, name),
  // What the shell opened as stdin.
  paths: () => ['-'],
  hold: () => nothing,
});

/** The folder that files have in common; empty for the uppermost. */
function folderOf(names: readonly string[]): string {
  let common = posix.dirname(names[0]).split('/');
  for (const name of names) {
    const parts = posix.dirname(name).split('/');
    const end = common.findIndex((part, i) => part !== parts[i]);
    if (end >= 0) common = common.slice(0, end);
  }
  return common.join('/').replace(/^\.$/, '');
}

async function filesOf(names: readonly string[], pathOf: (name: string) => string): Promise<FileRange[]> {
  const files: FileRange[] = [];
  for (const name of names) {
    const path = pathOf(name);
    const { size } = await stat(path).catch((cause: unknown) => {
      throw cannotRead(name, cause);
    });
    files.push({ name, path, start: 0, length: size });
  }
  return files;
}

function chosen(files: readonly FileRange[], names: readonly string[], place: string): FileRange[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  return names.map((name) => {
    const file = byName.get(name);
    if (file) return file;
    throw new SegcanaryError('io', `no longer holds ${name}; it was changed while it was in use, run it again.`, {
      subject: place,
    });
  });
}
