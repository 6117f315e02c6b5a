import { createWriteStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SegcanaryError } from '../errors.js';
import { type ScanLimits, stalled, timerMs } from '../limits.js';

export interface BodyOptions {
  /** Name of the case, for messages. */
  readonly name: string;
  readonly limits: ScanLimits;
  readonly signal: AbortSignal;
}

/**
 * Bytes of a body within its limits. Whoever stops reading does not take the connection with him:
 * the answer still has to go out on it.
 *
 * A stalled sender is found out here too, since no `load` stage waits for the bytes of a scan that
 * goes to a file first.
 */
export async function* bounded(
  body: Readable,
  { limits, name, signal }: BodyOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  const chunks = body.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await unlessStalled(
        chunks.next() as Promise<IteratorResult<Uint8Array>>,
        name,
        limits.stall,
        signal,
      );
      if (next.done) return;
      bytes += next.value.length;
      if (bytes > limits.bytes)
        throw new SegcanaryError(
          'limit-exceeded',
          `the body has more than ${limits.bytes} bytes; if the scan is that large, have \`limits.bytes\` raised.`,
          { subject: name, option: 'limits.bytes' },
        );
      yield next.value;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
      throw new SegcanaryError('aborted', 'the client closed the connection before the scan was here.', {
        subject: name,
        cause: error,
      });
    throw formError(error);
  } finally {
    // What is left of the body must not keep the form, or the connection, from going on. It flows
    // when the iterator has let go of it, which one that still waits for a byte never does.
    chunks.return?.(undefined).then(
      () => body.resume(),
      () => {},
    );
  }
}

/** What a promise gives, unless that takes too long or nobody wants it any more. */
function unlessStalled<T>(promise: Promise<T>, name: string, seconds: number, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(new SegcanaryError('aborted', 'was given up before it was here.', { subject: name }));
    const timer = setTimeout(() => reject(stalled(name, seconds)), timerMs(seconds));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  });
}

/**
 * What the parser of forms says of its input has no code; what connections and files fail with has
 * one.
 */
export function formError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof SegcanaryError || (code !== undefined && code !== 'FST_INVALID_MULTIPART_CONTENT_TYPE'))
    return error;
  return new SegcanaryError('usage', `The form is broken (${message}); send it as RFC 7578 says.`, { cause: error });
}

/** Passes bytes on and writes them to a file as well, waiting for the disk. */
export async function* copying(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = createWriteStream(path, { mode: 0o600 });
  let failure: Error | null = null;
  file.on('error', (error) => {
    failure = error;
  });
  try {
    for await (const chunk of bytes) {
      if (failure) throw failure;
      if (!file.write(chunk)) await drained(file);
      yield chunk;
    }
  } finally {
    // A file that failed is closed already, and nothing would say so again.
    if (!file.closed) await new Promise<void>((resolve) => file.once('close', resolve).end());
  }
}

/** Until a file takes more, or never will. */
function drained(file: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      file.off('drain', done).off('close', done);
      resolve();
    };
    file.once('drain', done).once('close', done);
  });
}

/** Writes bytes to a file of this user alone. */
export const toFile = (bytes: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal) =>
  pipeline(bytes, createWriteStream(path, { mode: 0o600 }), { signal });
