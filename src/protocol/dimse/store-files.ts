import { isAbort, SegcanaryError } from '../../errors.js';
import type { FileRange } from '../../files/file-range.js';
import type { ProposedContext } from './associate.js';
import { isStored } from './command-set.js';
import { readFileMeta } from './part10.js';
import { type DimsePeer, Requestor, type StoredObject } from './requestor.js';

export interface StoreFilesOptions {
  readonly peer: DimsePeer;
  /** AE title of our own. */
  readonly calling: string;
  /** Seconds without a byte. @default 60 */
  readonly idle?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what became of each file: null where the peer has it, else why it was refused. */
  readonly onFile: (file: FileRange, error: SegcanaryError | null) => void | Promise<void>;
}

/** Presentation contexts that an association may have: odd ids up to 255. */
const CONTEXTS = 128;

/**
 * Sends DICOM files by C-STORE, each in its own transfer syntax, over as few associations as their
 * classes allow. What the peer refuses of them is told file by file, and the others go on.
 *
 * @throws SegcanaryError `peer-failed` where the peer cannot be reached or refuses the association:
 *   files that were not told of were not taken. `aborted`
 */
export async function storeFiles(files: readonly FileRange[], options: StoreFilesOptions): Promise<void> {
  let batch = new Batch();
  for (const file of files) {
    const meta = await readFileMeta(file).catch(async (error: SegcanaryError) => {
      await options.onFile(file, error);
      return null;
    });
    if (meta === null) continue;
    if (!batch.hasRoomFor(meta)) {
      await batch.send(options);
      batch = new Batch();
    }
    batch.add(file, meta);
  }
  await batch.send(options);
}

/** Files that one association can take. */
class Batch {
  readonly #files: { readonly file: FileRange; readonly meta: StoredObject }[] = [];
  readonly #contexts = new Map<string, ProposedContext>();

  hasRoomFor(meta: StoredObject): boolean {
    return this.#contexts.size < CONTEXTS || this.#contexts.has(keyOf(meta));
  }

  add(file: FileRange, meta: StoredObject): void {
    const key = keyOf(meta);
    // One transfer syntax a context, so that the peer can choose no other.
    if (!this.#contexts.has(key))
      this.#contexts.set(key, {
        id: 2 * this.#contexts.size + 1,
        abstractSyntax: meta.sopClass,
        transferSyntaxes: [meta.transferSyntax],
      });
    this.#files.push({ file, meta });
  }

  async send(options: StoreFilesOptions): Promise<void> {
    while (this.#files.length > 0) await this.#associated(options);
  }

  /**
   * Sends over one association until all are sent, or until one of the files breaks it: that file
   * is told of as refused, so that it keeps the others from nothing.
   */
  async #associated({ peer, calling, idle, signal, onFile }: StoreFilesOptions): Promise<void> {
    const contexts = [...this.#contexts.values()];
    const requestor = await Requestor.open({ peer, calling, contexts, idle, signal });
    try {
      for (let next = this.#files.shift(); next; next = this.#files.shift()) {
        const { file, meta } = next;
        if (!requestor.takes(meta)) {
          await onFile(file, refusal(file, `in the class ${meta.sopClass} and transfer syntax ${meta.transferSyntax}`));
          continue;
        }
        let status: number;
        try {
          status = await requestor.store(file, meta);
        } catch (error) {
          if (!(error instanceof SegcanaryError) || isAbort(error)) throw error;
          await onFile(file, error);
          return;
        }
        const code = status.toString(16).padStart(4, '0').toUpperCase();
        await onFile(file, isStored(status) ? null : refusal(file, `with the status ${code}`));
      }
    } finally {
      await requestor.close();
    }
  }
}

const keyOf = ({ sopClass, transferSyntax }: StoredObject): string => `${sopClass} ${transferSyntax}`;

const refusal = (file: FileRange, how: string): SegcanaryError =>
  new SegcanaryError('peer-failed', `was refused by the peer ${how}.`, { subject: file.name });
