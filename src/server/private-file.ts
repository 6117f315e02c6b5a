import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

/** What SQLite has beside a database. It gives a file that it makes the mode of the database. */
const BESIDE = ['', '-wal', '-shm', '-journal'];

/**
 * Makes a database and what lies beside it this user's alone (0600), whatever the folder and the
 * mask of the process: it is made so where it is not there, and changed where an older segcanary
 * made it otherwise. A file system without modes, or a file of somebody else's, is left as it is.
 */
export function makePrivate(path: string): void {
  const isThere = statSync(path, { throwIfNoEntry: false });
  // Nothing is opened that is there: closing it would drop the lock of a store that this process
  // has open on it.
  if (!isThere) closeSync(openSync(path, 'wx', 0o600));
  for (const ending of BESIDE) {
    const found = statSync(path + ending, { throwIfNoEntry: false });
    if (!found?.isFile() || (found.mode & 0o077) === 0) continue;
    try {
      chmodSync(path + ending, 0o600);
    } catch {
      // Not ours to change.
    }
  }
}
