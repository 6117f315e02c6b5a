import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { cannotWrite } from '../files/atomic.js';
import { KEPT_IMAGES, type KeptImage } from '../protocol/record.js';
import { isScanId } from './scan-id.js';

/**
 * Files of one scan while it is being scored: in a folder of their own, which goes or becomes the
 * scan's images.
 */
export interface ScanFiles {
  /** The folder, for files that go with it and are kept in no case. */
  readonly folder: string;
  path(name: KeptImage | `channel-${number}`): string;
  write(name: KeptImage): Writable;
  /** Keeps the images that are there, under the scan's id; says which. */
  keep(id: string): Promise<KeptImage[]>;
  /** Adds what is to be done before what was not kept is removed. */
  onDiscard(act: () => Promise<void>): void;
  /** Removes whatever was not kept. */
  discard(): Promise<void>;
  /** Removes what was kept too: the scan has failed, or is not there any more. */
  giveUp(): Promise<void>;
}

export interface KeptBytes {
  readonly bytes: Readable;
  readonly size: number;
  readonly isGzip: boolean;
}

/**
 * Images of flagged scans and uploads that wait, in files under the data folder. No name of theirs
 * comes from a client.
 */
export class ImageFolder {
  /** The data folder, or the temporary one in its place. */
  readonly root: string;
  readonly #images: string;
  readonly #uploads: string;

  private constructor(folder: string) {
    this.root = folder;
    this.#images = join(folder, 'images');
    this.#uploads = join(folder, 'uploads');
  }

  /**
   * Uploads that a process before left are of scans that nobody waits for: they go.
   *
   * @param folder null for a temporary one
   */
  static async open(folder: string | null): Promise<ImageFolder> {
    const opened = new ImageFolder(folder ?? (await mkdtemp(join(tmpdir(), 'segcanary-serve-'))));
    await rm(opened.#uploads, { recursive: true, force: true });
    await mkdir(opened.#uploads, { recursive: true, mode: 0o700 });
    await mkdir(opened.#images, { recursive: true, mode: 0o700 });
    return opened;
  }

  async begin(): Promise<ScanFiles> {
    const prefix = join(this.#uploads, 'scan-');
    const folder = await mkdtemp(prefix).catch((cause: unknown) => {
      throw cannotWrite(this.#uploads, cause);
    });
    let keptAs: string | null = null;
    const acts: (() => Promise<void>)[] = [];
    const path = (name: string) => join(folder, `${name}.nii.gz`);
    return {
      folder,
      path,
      onDiscard: (act) => void acts.push(act),
      write: (name) => createWriteStream(path(name), { mode: 0o600 }),
      keep: async (id) => {
        const files = new Map(KEPT_IMAGES.map((name) => [`${name}.nii.gz`, name]));
        const found = await readdir(folder);
        for (const file of found) if (!files.has(file)) await rm(join(folder, file), { force: true });
        keptAs = join(this.#images, id);
        await rename(folder, keptAs);
        return KEPT_IMAGES.filter((name) => found.includes(`${name}.nii.gz`));
      },
      discard: async () => {
        for (const act of acts.splice(0)) await act();
        await rm(folder, { recursive: true, force: true });
      },
      giveUp: async () => {
        if (keptAs !== null) await rm(keptAs, { recursive: true, force: true });
      },
    };
  }

  /**
   * The bytes of an image, and whether they are packed: the scan itself is kept as it came. Null
   * where it is not kept.
   */
  async read(id: string, name: KeptImage): Promise<KeptBytes | null> {
    if (!isScanId(id)) return null;
    const file = await open(join(this.#images, id, `${name}.nii.gz`)).catch(() => null);
    if (!file) return null;
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return { bytes: file.createReadStream({ start: 0 }), size, isGzip: buffer[0] === 0x1f && buffer[1] === 0x8b };
  }

  async remove(id: string): Promise<void> {
    if (isScanId(id)) await rm(join(this.#images, id), { recursive: true, force: true });
  }

  /** Removes the images of scans that no record knows. */
  async sweep(isKnown: (id: string) => boolean): Promise<void> {
    for (const id of await readdir(this.#images)) if (!isKnown(id)) await this.remove(id);
  }

  /** Removes the uploads, and all of a folder that is temporary. */
  async close(temporary: boolean): Promise<void> {
    await rm(temporary ? join(this.#uploads, '..') : this.#uploads, { recursive: true, force: true });
  }
}
