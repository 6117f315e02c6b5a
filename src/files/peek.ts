import { type FileHandle, open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SegcanaryError } from '../errors.js';
import { stalled, timerMs } from '../limits.js';

/**
 * The first bytes of a file, fewer where it has fewer; null for what is no file or cannot be read:
 * whoever opens it says so. A pipe is left alone, because its bytes come once.
 */
export async function peekFile(path: string, length: number): Promise<Uint8Array | null> {
  let file: FileHandle | null = null;
  try {
    if (!(await stat(path)).isFile()) return null;
    file = await open(path);
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, length - done, done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } catch {
    return null;
  } finally {
    await file?.close();
  }
}

/** A stream whose first bytes are known, and that still gives them. */
export interface PeekedStream {
  /** As many as were asked for and the piece that they came in; fewer where the stream ends. */
  readonly head: Uint8Array;
  /** All bytes; to destroy it is to destroy the stream. */
  readonly bytes: Readable;
}

/**
 * The first bytes of a stream, and a stream of all.
 *
 * @param length bytes that are waited for
 * @param name for messages
 * @param stall seconds without a byte
 * @throws SegcanaryError `timed-out`, `aborted`; what the stream throws
 */
export async function peekStream(
  stream: Readable,
  length: number,
  { name, stall, signal }: { readonly name: string; readonly stall: number; readonly signal?: AbortSignal | undefined },
): Promise<PeekedStream> {
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  const stop = () => stream.destroy(new SegcanaryError('aborted', 'stopped before it was done.', { subject: name }));
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const pieces: Uint8Array[] = [];
  let had = 0;
  let isDone = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    while (had < length && !isDone) {
      timer = setTimeout(() => stream.destroy(stalled(name, stall)), timerMs(stall));
      const { done, value } = await iterator.next();
      clearTimeout(timer);
      if (done) isDone = true;
      else {
        pieces.push(value);
        had += value.length;
      }
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
  const head = Buffer.concat(pieces);
  const bytes = new Readable({
    read() {
      if (isDone) this.push(null);
      else
        iterator.next().then(
          ({ done, value }) => this.push(done ? null : value),
          (error: Error) => this.destroy(error),
        );
    },
    destroy(error, done) {
      stream.destroy();
      done(error);
    },
  });
  if (head.length > 0) bytes.push(head);
  return { head, bytes };
}
