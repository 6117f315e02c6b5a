import { createReadStream, createWriteStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { ChannelBytes, ScanBytes } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import type { ScanLimits } from '../limits.js';
import { HttpError } from './http-error.js';
import type { ScanFiles } from './images.js';

export interface UploadOptions {
  /** Name of the case, for messages. */
  readonly name: string;
  /** Channels that the network takes, by name. */
  readonly channels: readonly string[];
  readonly limits: ScanLimits;
  readonly files: ScanFiles;
  readonly signal: AbortSignal;
  /** Keep a copy of the first channel as it came. */
  readonly keepImage: boolean;
}

/** Content types of a body that is one file. */
export const FILE_TYPES = ['application/gzip', 'application/x-gzip', 'application/octet-stream'];

/**
 * The bytes of a request's scan, as they come: nothing is read before the pipeline asks, and
 * nothing is held. Of several channels all but the last come first and go to temporary files,
 * because the network needs a slice of each at a time.
 *
 * @throws SegcanaryError `scan-unsuitable` for another number of channels, `limit-exceeded`,
 *   `timed-out`
 */
export async function uploadedScan(
  request: FastifyRequest,
  options: UploadOptions,
): Promise<ScanBytes | readonly ChannelBytes[]> {
  const { channels, files, keepImage } = options;
  const parts = partsOf(request);
  const bodies: ChannelBytes[] = [];
  for (const [i, channel] of channels.entries()) {
    const part = await parts.next();
    if (part.done) throw wrongCount(options, i);
    const bytes = bounded(part.value, options);
    if (i < channels.length - 1) {
      const path = files.path(i === 0 ? 'image' : `channel-${i}`);
      await toFile(bytes, path, options.signal);
      bodies.push({ file: `${options.name}, ${channel}`, bytes: createReadStream(path) });
    } else {
      const last = andNoMore(bytes, parts, options);
      const kept = keepImage && i === 0 ? copying(last, files.path('image')) : last;
      bodies.push({ file: channels.length > 1 ? `${options.name}, ${channel}` : options.name, bytes: kept });
    }
  }
  return bodies.length === 1 ? bodies[0].bytes : bodies;
}

/**
 * Writes a request's scan to its temporary files and gives its bytes from there, for a client that
 * will not wait.
 *
 * @throws SegcanaryError as `uploadedScan`, and `io`
 */
export async function storedScan(
  request: FastifyRequest,
  options: UploadOptions,
): Promise<() => Promise<ScanBytes | readonly ChannelBytes[]>> {
  const { channels, files, signal, name } = options;
  const parts = partsOf(request);
  const paths: string[] = [];
  for (const [i] of channels.entries()) {
    const part = await parts.next();
    if (part.done) throw wrongCount(options, i);
    const path = files.path(i === 0 ? 'image' : `channel-${i}`);
    await toFile(bounded(part.value, options), path, signal);
    paths.push(path);
  }
  if (!(await parts.next()).done) throw wrongCount(options, channels.length + 1);
  return async () => {
    const bodies = paths.map(
      (path, i): ChannelBytes => ({ file: `${name}, ${channels[i]}`, bytes: createReadStream(path) }),
    );
    return bodies.length === 1 ? bodies[0].bytes : bodies;
  };
}

/** The files of a request, one after another: the body itself, or the parts of a form. */
async function* partsOf(request: FastifyRequest): AsyncGenerator<Readable, void, undefined> {
  if (!request.isMultipart()) {
    yield request.raw;
    return;
  }
  try {
    for await (const part of request.parts()) if (part.type === 'file') yield (part as MultipartFile).file;
  } catch (error) {
    throw ofForm(error);
  }
}

/**
 * What the parser of forms says of its input has no code; what connections and files fail with has
 * one.
 */
function ofForm(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof SegcanaryError || (code !== undefined && code !== 'FST_INVALID_MULTIPART_CONTENT_TYPE'))
    return error;
  return new SegcanaryError('usage', `The form is broken (${message}); send it as RFC 7578 says.`, { cause: error });
}

/**
 * Bytes of a body within its limits. Whoever stops reading does not take the connection with him:
 * the answer still has to go out on it.
 *
 * A stalled sender is found out here where no `load` stage waits for the bytes.
 */
async function* bounded(
  body: Readable,
  { limits, name, signal }: UploadOptions,
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
          `the body has more than ${limits.bytes} bytes; start the server with --limits bytes=… if that is what it is.`,
          { subject: name },
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
    throw ofForm(error);
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
    const timer = setTimeout(() => reject(stalled(name, seconds)), seconds * 1000);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  });
}

/** The last file of a request: one more behind it is an error. */
async function* andNoMore(
  bytes: AsyncIterable<Uint8Array>,
  parts: AsyncGenerator<Readable, void, undefined>,
  options: UploadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* bytes;
  const { done } = await parts.next();
  if (!done) throw wrongCount(options, options.channels.length + 1);
}

/** Passes bytes on and writes them to a file as well, waiting for the disk. */
async function* copying(bytes: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
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
    // Of a file that failed, closing is over, and nothing would tell of it again.
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

const toFile = (bytes: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal) =>
  pipeline(bytes, createWriteStream(path, { mode: 0o600 }), { signal });

const stalled = (name: string, seconds: number): SegcanaryError =>
  new SegcanaryError('timed-out', `no byte came for ${seconds} s, so what sends the scan has stalled; send it again.`, {
    subject: name,
  });

function wrongCount({ name, channels }: UploadOptions, found: number): SegcanaryError {
  const count = found > channels.length ? `more than ${channels.length}` : found === 0 ? 'no' : `${found}`;
  return new SegcanaryError(
    'scan-unsuitable',
    `came with ${count} files and the model takes ${channels.length} (${channels.join(', ')}); send one file a channel, in that order${channels.length > 1 ? ', as multipart/form-data' : ''}.`,
    { subject: name },
  );
}

/** Refuses a body before it is read, where its headers say enough. */
export function refuseUpload(request: FastifyRequest, { bytes }: ScanLimits, channels: number): void {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > bytes * channels)
    throw new HttpError(
      413,
      'too-large',
      `The body has ${length} bytes and ${bytes * channels} are the most; --limits bytes=… of the server says so.`,
    );
}
