import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SegcanaryError } from '../../errors.js';
import { cannotRead, cannotWrite } from '../../files/atomic.js';
import { writtenKey } from '../../formats/dicom/case-name.js';

const BYTES = 32;

/**
 * The key that names of cases and sites are hashed with: `SEGCANARY_KEY`, 64 hex digits, or else
 * `key` in the data folder, this user's alone, which is made where it is missing. Whoever has it
 * can tell whether a name belongs to a series that they know.
 *
 * @throws SegcanaryError `usage` for a variable of another form; `io`
 */
export async function serverKey(folder: string, given = process.env.SEGCANARY_KEY): Promise<Buffer> {
  if (given !== undefined && given !== '') return Buffer.from(writtenKey(given), 'hex');
  const path = join(folder, 'key');
  const key = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw cannotRead(path, cause);
  });
  if (key === null) return made(path);
  if (key.length !== BYTES)
    throw new SegcanaryError(
      'io',
      `cannot use ${path}: it has ${key.length} bytes and a key has ${BYTES}; put the right one there.`,
    );
  return key;
}

async function made(path: string): Promise<Buffer> {
  const key = randomBytes(BYTES);
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(key);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
  return key;
}
