import { SegcanaryError } from '../errors.js';

/** What SQLite says, as one sentence that names the file. */
export function inASentence(error: unknown, path: string): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  if (error instanceof SegcanaryError || typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  if (code === 'SQLITE_NOTADB') return notAStore(path, error);
  const reason = reasons.find(([start]) => code.startsWith(start))?.[1] ?? message;
  return new SegcanaryError('io', `cannot use ${path}: ${reason}.`, { cause: error });
}

/** Whether an error of a database says that the disk would not take any more. */
export function isOutOfRoom(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && (code.startsWith('SQLITE_FULL') || code.startsWith('SQLITE_IOERR'));
}

const reasons: readonly (readonly [code: string, reason: string])[] = [
  ['SQLITE_BUSY', 'another segcanary has it open; give every server a folder of its own'],
  ['SQLITE_LOCKED', 'another segcanary has it open; give every server a folder of its own'],
  ['SQLITE_FULL', 'the disk is full'],
  ['SQLITE_READONLY', 'it or its folder is read-only'],
  ['SQLITE_CANTOPEN', 'it cannot be opened'],
  ['SQLITE_CORRUPT', 'the file is damaged; move it away, or put a copy in its place'],
  ['SQLITE_IOERR', 'the disk reports an error'],
];

/** The sentence for a file that holds something else. */
export const notAStore = (path: string, cause?: unknown) =>
  new SegcanaryError(
    'io',
    `cannot open ${path}: it is not a store of segcanary; move it away, or use another folder.`,
    {
      cause,
    },
  );
