import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cannotWrite, writeFileAtomically } from '../../files/atomic.js';
import type { FileRange } from '../../files/file-range.js';
import { isScanId } from '../scan-id.js';
import { syncFolder } from './incoming.js';

/** What is known of the objects of one scan. */
const stateSchema = z.object({
  /** Milliseconds since 1970. */
  since: z.number(),
  /** Whether the record of the scan says that it is done. */
  released: z.boolean(),
  /** Objects that the peer has, by the names of their files. */
  sent: z.array(z.string()),
  attempts: z.number().int(),
  /** Why they were not sent; no patient is in it. */
  error: z.string().nullable(),
});

export type OutboxState = Readonly<z.infer<typeof stateSchema>>;

const STATE = 'state.json';

export const newState = (now: number): OutboxState => ({
  since: now,
  released: false,
  sent: [],
  attempts: 0,
  error: null,
});

/** The outbox on disk: a folder a scan, with its objects and what became of them. */
export class OutboxFolder {
  readonly #folder: string;
  readonly #staging: string;

  private constructor(data: string) {
    this.#folder = join(data, 'outbox');
    this.#staging = join(data, 'outbox-staging');
  }

  /** @throws SegcanaryError `io` */
  static async open(data: string): Promise<OutboxFolder> {
    const opened = new OutboxFolder(data);
    try {
      await rm(opened.#staging, { recursive: true, force: true });
      for (const path of [opened.#folder, opened.#staging]) await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw cannotWrite(data, cause);
    }
    return opened;
  }

  /** Ids of scans, in the order that they were accepted. */
  async ids(): Promise<string[]> {
    return (await readdir(this.#folder)).filter(isScanId).sort();
  }

  /** An empty folder for the objects of a scan. */
  async stage(id: string): Promise<string> {
    const folder = join(this.#staging, id);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /**
   * Puts what was staged into the outbox, whole or not at all.
   *
   * @throws SegcanaryError `io`
   */
  async enqueue(id: string, state: OutboxState): Promise<void> {
    const from = join(this.#staging, id);
    try {
      for (const name of await readdir(from)) await syncFolder(join(from, name));
      await writeFileAtomically(join(from, STATE), JSON.stringify(state));
      await syncFolder(from);
      await rename(from, join(this.#folder, id));
      await syncFolder(this.#folder);
    } catch (cause) {
      throw cannotWrite(this.#folder, cause);
    }
  }

  async remove(id: string): Promise<void> {
    for (const folder of [this.#staging, this.#folder]) await rm(join(folder, id), { recursive: true, force: true });
  }

  /** Objects that are still to be sent. @throws SegcanaryError `io` */
  async files(id: string, { sent }: OutboxState): Promise<FileRange[]> {
    const folder = join(this.#folder, id);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.dcm') && !sent.includes(name)).sort();
    return Promise.all(
      names.map(async (name) => {
        const path = join(folder, name);
        return { name, path, start: 0, length: (await stat(path)).size };
      }),
    );
  }

  /** Null for one that cannot be read, after an edit by hand. */
  async read(id: string): Promise<OutboxState | null> {
    const text = await readFile(join(this.#folder, id, STATE), 'utf8').catch(() => '');
    try {
      return stateSchema.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }

  /** @throws SegcanaryError `io` */
  write(id: string, state: OutboxState): Promise<void> {
    return writeFileAtomically(join(this.#folder, id, STATE), JSON.stringify(state));
  }
}
