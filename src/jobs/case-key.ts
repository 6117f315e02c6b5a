import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from '../files/atomic.js';
import { passingName, removeLeftovers } from '../files/leftovers.js';
import { writtenKey } from '../formats/dicom/case-name.js';
import type { WarningListener } from '../results.js';

/** Bytes of a key that is made here. */
const LENGTH = 32;

/** A key for this run alone, where none can be kept. */
let passing: string | null = null;

/**
 * The key that cases of DICOM series are named by: that of the environment (`SEGCANARY_KEY`), else
 * the one that is kept in a file of the user, which is made at the first use, else one of this run
 * alone, of which is warned.
 *
 * @param path of the file
 * @throws SegcanaryError `usage` where that of the environment has another form
 */
export async function caseKey(onWarning?: WarningListener, path: string = keyPath()): Promise<string> {
  const given = process.env.SEGCANARY_KEY;
  if (given) return writtenKey(given);
  try {
    return (await keptKey(path)) ?? (await makeKey(path));
  } catch (cause) {
    if (passing === null) {
      passing = newKey();
      const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
      onWarning?.(
        {
          code: 'case-key',
          message: `The key that DICOM cases are named by cannot be kept here (${why}), so their names are of this run alone; set SEGCANARY_KEY to keep them.`,
        },
        path,
      );
    }
    return passing;
  }
}

/** `$XDG_CONFIG_HOME/segcanary/key`; `~/.config` where that is not set. */
function keyPath(): string {
  const { XDG_CONFIG_HOME: configured } = process.env;
  return join(configured ? configured : join(homedir(), '.config'), 'segcanary', 'key');
}

const newKey = (): string => randomBytes(LENGTH).toString('hex');

/** Null where there is none yet. */
async function keptKey(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw cause;
  });
  if (text === null) return null;
  const key = text.trim();
  if (key === '') throw new Error('it is empty');
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new Error('it is damaged');
  return key.toLowerCase();
}

/** Appears whole or not at all, and only once, however many begin at the same time. */
async function makeKey(path: string): Promise<string> {
  await makeFolder(dirname(path));
  await removeLeftovers(path);
  const partial = passingName(path, 'partial');
  try {
    const file = await open(partial, 'wx', 0o600);
    await file.writeFile(`${newKey()}\n`).finally(() => file.close());
    await link(partial, path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw cause;
    });
  } finally {
    await rm(partial, { force: true });
  }
  const key = await keptKey(path);
  if (key === null) throw new Error('it was removed at once');
  return key;
}
