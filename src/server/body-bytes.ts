import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SegcanaryError } from '../errors.js';
import { cannotWrite } from '../files/atomic.js';
import type { ScanLimits } from '../limits.js';
import type { Pace } from './pace.js';

export interface BodyOptions {
  /** Name of the case, for messages. */
  readonly name: string;
  readonly limits: ScanLimits;
  readonly signal: AbortSignal;
}

/**
 * Bytes of a body within its limits, at the pace that is asked of its sender. Whoever stops reading
 * does not take the connection with him: the answer still has to go out on it.
 */
export async function* bounded(
  body: Readable,
  { limits, name }: BodyOptions,
  pace: Pace,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  const chunks = body.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await pace.next(chunks.next() as Promise<IteratorResult<Uint8Array>>);
      if (next.done) return;
      bytes += next.value.length;
      pace.came(next.value.length);
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

/**
 * Writes bytes to a file of this user alone.
 *
 * @throws SegcanaryError `io` when the disk refuses; what the bytes throw
 */
export async function toFile(bytes: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(bytes, createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    // A call of the system's that failed on the file, and not on the connection.
    const { syscall } = error as NodeJS.ErrnoException;
    throw syscall === 'write' || syscall === 'open' ? cannotWrite('the scan on the server', error) : error;
  }
}
