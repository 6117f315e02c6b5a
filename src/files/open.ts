import { once } from 'node:events';
import { close, createReadStream, open, read } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { cannotRead } from './atomic.js';

/**
 * The bytes of a file, whose errors name it, those in the middle too.
 *
 * @throws SegcanaryError `io` when it is not there, cannot be read or is a folder
 */
export async function openFile(path: string): Promise<Readable> {
  try {
    // Reading a folder fails only at the first read, without a path in the message.
    if ((await stat(path)).isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    const stream = createReadStream(path, { highWaterMark: 1 << 18, fs: telling(path) });
    await once(stream, 'open');
    return stream;
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

/** The file system as a stream needs it, whose errors half-way name the file too. */
const telling = (path: string) => ({
  open,
  close,
  read: ((fd, buffer, offset, length, position, done) =>
    read(fd, buffer as Uint8Array, offset as number, length as number, position as number, (error, n, bytes) =>
      (done as ReadDone)(error && cannotRead(path, error), n, bytes),
    )) as typeof read,
});

type ReadDone = (error: Error | null, n: number, bytes: NodeJS.ArrayBufferView) => void;
