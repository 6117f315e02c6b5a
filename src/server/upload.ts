import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { ChannelBytes, ScanBytes } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import type { ScanLimits } from '../limits.js';
import { type BodyOptions, bounded, copying, formError, toFile } from './body-bytes.js';
import { HttpError } from './http-error.js';
import type { ScanFiles } from './images.js';
import type { OpenScan } from './judge.js';

export interface UploadOptions extends BodyOptions {
  /** Channels that the network takes, by name. */
  readonly channels: readonly string[];
  readonly files: ScanFiles;
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
export async function storedScan(request: FastifyRequest, options: UploadOptions): Promise<OpenScan> {
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
    throw formError(error);
  }
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
      `The body has ${length} bytes and ${bytes * channels} are the most that this server is set to take.`,
    );
}
