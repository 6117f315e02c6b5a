import { randomInt } from 'node:crypto';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SegcanaryError } from '../errors.js';
import { cannotWrite } from './atomic.js';
import { mayStillBeWritten, passingName, removeLeftovers } from './leftovers.js';

/** How long another process may take for what takes milliseconds. */
const PATIENCE = 90_000;
/** A partial file of another machine that is older than this is what is left of a process. */
const STALE = 60_000;

/**
 * Replaces a small file whole, if it still is what it was: `unchanged` is asked right before the
 * rename, while no other process that replaces the same file by this function is between the two.
 *
 * A partial file beside it is what keeps others out: whoever has written one and then sees no other
 * may go on; of two that see each other, the one whose name comes later takes its own away and
 * tries again. So nothing is left locked by a process that was killed.
 *
 * @param unchanged throws where the file is no longer what the data were made for
 * @throws SegcanaryError `io`; what `unchanged` throws, and nothing is written then
 */
export async function replaceUnchanged(path: string, data: string, unchanged: () => Promise<void>): Promise<void> {
  await unchanged();
  await removeLeftovers(path);
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const partial = passingName(path, 'partial');
    try {
      await writeFile(partial, data, { flag: 'wx', flush: true });
      if (await isAlone(partial, path, deadline)) {
        await unchanged();
        await rename(partial, path);
        return;
      }
    } catch (cause) {
      // What was gone while it was written says why better than a missing folder does.
      await unchanged();
      throw cannotWrite(path, cause);
    } finally {
      await rm(partial, { force: true });
    }
    await wait(randomInt(5, 50));
  }
}

/** Waits for others; false where it is this one that gives way. */
async function isAlone(partial: string, path: string, deadline: number): Promise<boolean> {
  for (;;) {
    const others = await othersAt(partial, path);
    if (others.length === 0) return true;
    if (Date.now() > deadline)
      throw new SegcanaryError('io', `another process has been writing it for long; remove ${others[0]} beside it.`, {
        subject: path,
      });
    if (others.some((name) => name < basename(partial))) return false;
    await wait(randomInt(5, 50));
  }
}

async function othersAt(partial: string, path: string): Promise<string[]> {
  const names = await readdir(dirname(path));
  const others: string[] = [];
  for (const name of names) {
    if (name === basename(partial)) continue;
    const writer = mayStillBeWritten(name, basename(path));
    if (writer === 'yes' || (writer === 'unknown' && (await isFresh(join(dirname(path), name))))) others.push(name);
  }
  return others;
}

const isFresh = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs) < STALE,
    () => false,
  );
