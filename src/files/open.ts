import { close, constants, createReadStream, fstat, open, read, type Stats, stat } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { SegcanaryError } from '../errors.js';
import { DEFAULT_LIMITS, stalled, timerMs } from '../limits.js';
import { cannotRead } from './atomic.js';

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const statOf = promisify<string, Stats>(stat);
const statOfDescriptor = promisify<number, Stats>(fstat);

/** How long bytes are waited for, and by whom. */
export interface Patience {
  /** Seconds without a byte. @default DEFAULT_LIMITS.stall */
  readonly stall?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file or a named pipe, whose errors name it, those in the middle too.
 *
 * A pipe is opened at once, whether somebody writes to it or not, and its bytes are waited for
 * where they are read: opening one the ordinary way takes a thread until there is a writer, and a
 * process that has such a thread cannot even exit. A writer that comes and goes without a byte is
 * the end of it.
 *
 * @throws SegcanaryError `io` when it is not there, cannot be read, or is a folder, a device or a
 *   socket
 */
export async function openFile(path: string): Promise<Readable> {
  let descriptor: number | null = null;
  try {
    // Opening a device may do something to it.
    refuseKind(await statOf(path));
    descriptor = await openDescriptor(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await statOfDescriptor(descriptor);
    refuseKind(stats);
    if (stats.isFIFO()) return pipeOf(descriptor);
    return createReadStream(path, { fd: descriptor, highWaterMark: 1 << 18, fs: telling(path) });
  } catch (cause) {
    if (descriptor !== null) await closeDescriptor(descriptor).catch(() => {});
    throw cannotRead(path, cause);
  }
}

/**
 * The bytes of a stream, unless they stay away or nobody wants them any more; the stream is
 * destroyed then.
 *
 * @param name of the file, for messages
 * @throws SegcanaryError `timed-out`, `aborted`; what the stream throws
 */
export async function* patiently(
  source: Readable,
  name: string,
  { stall = DEFAULT_LIMITS.stall, signal }: Patience,
): AsyncGenerator<Uint8Array, void, undefined> {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    timer = setTimeout(() => source.destroy(stalled(name, stall)), timerMs(stall));
  };
  const stop = () => source.destroy(new SegcanaryError('aborted', 'stopped before it was done.', { subject: name }));
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    wait();
    for await (const piece of source as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      yield piece;
      wait();
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    source.destroy();
  }
}

/** Bytes of a file that is read whole: JSON, a table, a token. */
const LARGEST = 2 ** 31;

/**
 * A whole file, or all that comes out of a named pipe (`<(…)` of a shell is one).
 *
 * @throws SegcanaryError as `openFile`, `timed-out` and `aborted` while a pipe is waited for
 */
export async function readWhole(path: string, patience: Patience = {}): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const isFile = await statOf(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (isFile)
    return readFile(path).catch((cause) => {
      throw cannotRead(path, cause);
    });
  for await (const piece of patiently(await openFile(path), path, patience)) {
    pieces.push(piece);
    length += piece.length;
    if (length > LARGEST)
      throw new SegcanaryError('io', `cannot read ${path}: it has more than ${LARGEST} bytes and does not end.`);
  }
  return Buffer.concat(pieces, length);
}

/** Bytes as they come, without a thread that waits for them. */
function pipeOf(descriptor: number): Readable {
  return new Socket({ fd: descriptor, readable: true, writable: false });
}

/**
 * Refuses what is neither a file nor missing, where a pipe makes no sense: what lies in a folder of
 * a detector. Reading one would wait for a writer that never comes.
 *
 * @throws SegcanaryError `io`
 */
export async function refuseUnlessFile(path: string): Promise<void> {
  const stats = await statOf(path).catch(() => null);
  if (stats === null || stats.isFile()) return;
  throw cannotRead(path, stats.isFIFO() ? new Error('it is a pipe; give a file') : errorOfKind(stats));
}

/** Reading a folder fails only at the first read, without a path in the message. */
function refuseKind(stats: Stats): void {
  if (!stats.isFile() && !stats.isFIFO()) throw errorOfKind(stats);
}

function errorOfKind(stats: Stats): Error {
  if (stats.isDirectory()) return Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  const kind = stats.isSocket() ? 'a socket' : 'a device';
  return new Error(`it is ${kind}, and neither file nor pipe; give a file, or send its bytes through a pipe`);
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
