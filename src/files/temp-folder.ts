import { rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passingName, sweepLeftovers } from './leftovers.js';
import { temporaryFailure } from './temp-file.js';

/** What the passing names of these folders are made of. */
const NAME = 'segcanary-folder';

/** Those that are there, so that the end of the process removes them. */
const there = new Set<string>();

/** A folder for what is a file on its way to something else. */
export interface TempFolder {
  readonly path: string;
  /** Removes it with all that is in it; may be called twice. */
  remove(): Promise<void>;
}

/**
 * Makes a temporary folder. Its name is hidden, says which process made it, and nothing of what is
 * in it; only the owner may look into it. It is removed at the end of the process, and what a
 * killed one left is removed by the next.
 *
 * @param where the system's folder for temporary files if undefined
 * @param owner what it is for, for messages
 * @throws SegcanaryError `io`
 */
export async function temporaryFolder(where: string | undefined, owner: string): Promise<TempFolder> {
  const folder = where ?? tmpdir();
  await sweepLeftovers(folder, (name) => name === NAME);
  const path = passingName(join(folder, NAME), 'partial');
  await mkdir(path, { mode: 0o700 }).catch((cause: unknown) => {
    throw temporaryFailure(owner, `cannot make a temporary folder in ${folder}`, cause);
  });
  if (there.size === 0) process.once('exit', removeAll);
  there.add(path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      there.delete(path);
      if (there.size === 0) process.off('exit', removeAll);
    },
  };
}

function removeAll(): void {
  for (const path of there) rmSync(path, { recursive: true, force: true });
}
