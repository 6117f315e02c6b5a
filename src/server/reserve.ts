import { randomFillSync } from 'node:crypto';
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes that are kept free: what the removal of a record with a long explanation may write. */
const SIZE = 4 * 2 ** 20;
/** Bytes that have to be free beside it, or the disk is as good as full: a scan has some. */
const LEFT = 4 * 2 ** 20;

/**
 * Room on a disk that is held for the day it is full: to remove something from a database, SQLite
 * has to write first. It is a file, given up when it is needed and made anew when there is room.
 */
export class Reserve {
  /** Null where there is no folder to hold room in. */
  readonly #path: string | null;

  constructor(path: string | null) {
    this.#path = path;
  }

  /** Whether the room is there. */
  get isHeld(): boolean {
    return this.#path === null || statSync(this.#path, { throwIfNoEntry: false })?.size === SIZE;
  }

  /** Gives the room up; false where it was given up before. */
  spend(): boolean {
    if (this.#path === null || !this.isHeld) return false;
    rmSync(this.#path, { force: true });
    return true;
  }

  /** Takes the room again where the disk has it, and some of it is left for others. */
  hold(): boolean {
    if (this.#path === null || this.isHeld) return true;
    try {
      if (!hasRoom(this.#path, SIZE + LEFT)) return false;
      // Zeros take no room on a disk that packs its files.
      writeFileSync(this.#path, randomFillSync(Buffer.allocUnsafe(SIZE)), { mode: 0o600 });
      return true;
    } catch {
      rmSync(this.#path, { force: true });
      return false;
    }
  }

  /** Whether scans could still be written beside it. */
  get isDiskFree(): boolean {
    return this.#path === null || hasRoom(this.#path, LEFT);
  }

  remove(): void {
    if (this.#path !== null) rmSync(this.#path, { force: true });
  }
}

function hasRoom(path: string, bytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize >= bytes;
}
