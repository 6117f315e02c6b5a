import type { FileRange } from '../../files/file-range.js';
import { type UnpackedArchive, type UnpackOptions, unpackArchive } from './unpack.js';

/**
 * Unpacked archives that are kept though nobody reads them: a scan is read several times by some
 * commands, and what is written of it refers to its files.
 */
const KEPT = 4;

/** Unpacked ones, the last used at the end. */
const kept: Archive[] = [];

/**
 * An archive on disk whose files are unpacked when they are asked for, so that a batch of a
 * thousand archives does not lie on the disk twice. A few stay unpacked; those before go, and are
 * unpacked again if need be. None goes while it is held.
 */
export class Archive {
  readonly #path: string;
  readonly #options: UnpackOptions;
  #unpacked: Promise<UnpackedArchive> | null = null;
  #holders = 0;

  constructor(path: string, options: UnpackOptions) {
    this.#path = path;
    this.#options = options;
  }

  /**
   * Its files, unpacked.
   *
   * @throws SegcanaryError as `unpackArchive`
   */
  async files(): Promise<readonly FileRange[]> {
    // Before it is unpacked, so that one that is being read is not the one that goes.
    const release = this.hold();
    try {
      this.#unpacked ??= unpackArchive(this.#path, this.#options);
      const { files } = await this.#unpacked;
      await this.#keep();
      return files;
    } catch (error) {
      this.#unpacked = null;
      throw error;
    } finally {
      release();
    }
  }

  /** Keeps it unpacked until what is returned is called. */
  hold(): () => void {
    this.#holders++;
    let isHeld = true;
    return () => {
      if (isHeld) this.#holders--;
      isHeld = false;
    };
  }

  /** Makes it the last used, and lets others go. */
  async #keep(): Promise<void> {
    const at = kept.indexOf(this);
    if (at >= 0) kept.splice(at, 1);
    kept.push(this);
    const idle = kept.filter((archive) => archive.#holders === 0);
    for (const archive of idle.slice(0, Math.max(0, kept.length - KEPT))) {
      kept.splice(kept.indexOf(archive), 1);
      await archive.#remove();
    }
  }

  async #remove(): Promise<void> {
    const unpacked = this.#unpacked;
    this.#unpacked = null;
    await (await unpacked)?.remove();
  }
}
