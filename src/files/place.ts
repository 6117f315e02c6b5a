import { randomBytes } from 'node:crypto';
import { realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A path as the file system knows it. */
export interface Place {
  /** As it was named. */
  readonly path: string;
  /**
   * The real path of its folder, and its own name: where a file of that path is or would be made.
   */
  readonly entry: string;
  /** Device and number of what is there, behind links; null where nothing is. */
  readonly file: string | null;
  readonly isFolder: boolean;
}

/** Finds places. Folders that were looked up are not looked up again: use it for one plan. */
export class Places {
  readonly #folders = new Map<string, Promise<string>>();

  async of(path: string): Promise<Place> {
    const [entry, found] = await Promise.all([this.#entryOf(path), lookAt(path)]);
    return { path, entry, ...found };
  }

  async #entryOf(path: string): Promise<string> {
    const folder = dirname(path);
    const known = this.#folders.get(folder) ?? realOrFuture(folder);
    this.#folders.set(folder, known);
    return join(await known, basename(path));
  }
}

async function lookAt(path: string): Promise<Pick<Place, 'file' | 'isFolder'>> {
  return stat(path, { bigint: true }).then(
    (found) => ({ file: `${found.dev}:${found.ino}`, isFolder: found.isDirectory() }),
    () => ({ file: null, isFolder: false }),
  );
}

/** The real path of a folder, links resolved; of one that is not there yet, where it would be. */
export async function realOrFuture(folder: string): Promise<string> {
  return realpath(folder).catch(async () => {
    const above = dirname(folder);
    return above === folder ? folder : join(await realOrFuture(above), basename(folder));
  });
}

/** What a file system takes for one name. */
export interface Alike {
  /** Capital and small letters. */
  readonly cases: boolean;
  /** One character, or a letter and an accent. */
  readonly forms: boolean;
}

/**
 * Tries what the file system of a folder takes for one name, with an empty file that is gone again.
 * Where none can be made, nothing is alike: nothing will be written there either.
 */
export async function alikeIn(folder: string): Promise<Alike> {
  const existing = await nearest(folder);
  const named = (name: string) => join(existing, name);
  const tried = `.segcanary-${randomBytes(4).toString('hex')}-\u00c9.partial`;
  const isThere = (name: string) =>
    stat(named(name)).then(
      () => true,
      () => false,
    );
  try {
    await writeFile(named(tried), '', { flag: 'wx' });
  } catch {
    return { cases: false, forms: false };
  }
  try {
    return { cases: await isThere(tried.toLowerCase()), forms: await isThere(tried.normalize('NFD')) };
  } finally {
    await rm(named(tried), { force: true });
  }
}

async function nearest(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  const above = dirname(folder);
  return isThere || above === folder ? folder : nearest(above);
}
