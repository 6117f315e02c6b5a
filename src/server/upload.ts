import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { ChannelBytes } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { Inflater } from '../formats/inflate.js';
import { NiftiParser } from '../formats/nifti/parser.js';
import type { ScanLimits } from '../limits.js';
import type { ImageReader } from '../plan.js';
import { type BodyOptions, bounded, formError, toFile } from './body-bytes.js';
import { HttpError } from './http-error.js';
import type { ScanFiles } from './images.js';
import type { OpenScan } from './judge.js';
import { Pace } from './pace.js';

export interface UploadOptions extends BodyOptions {
  /** Channels that the network takes, by name. */
  readonly channels: readonly string[];
  readonly files: ScanFiles;
  /** Which volume of a 4-D file. */
  readonly volume: number | undefined;
  /** Whose rules headers are read by. */
  readonly reader: ImageReader | undefined;
}

/** Content types of a body that is one file. */
export const FILE_TYPES = ['application/gzip', 'application/x-gzip', 'application/octet-stream'];

/**
 * Writes a request's scan to temporary files, as it comes and whatever is being scored meanwhile,
 * and gives its bytes from there. One piece of it is in memory. What its first bytes show to be no
 * scan for this server is refused before the rest has come.
 *
 * @throws SegcanaryError `scan-unsuitable` for another number of channels, `limit-exceeded`,
 *   `timed-out`, `aborted`, `io`; `nifti-invalid`, `nifti-unsupported` and what else a header may
 *   be refused for
 */
export async function storedScan(request: FastifyRequest, options: UploadOptions): Promise<OpenScan> {
  const { channels, files, signal, name, limits } = options;
  const pace = new Pace(name, limits, signal);
  const parts = partsOf(request);
  const stored: { readonly file: string; readonly path: string }[] = [];
  for (const [i, channel] of channels.entries()) {
    const part = await pace.next(parts.next());
    if (part.done) throw wrongCount(options, i);
    const path = files.path(i === 0 ? 'image' : `channel-${i}`);
    const file = channels.length > 1 ? `${name}, ${channel}` : name;
    await toFile(begun(bounded(part.value, options, pace), file, options), path, signal);
    stored.push({ file, path });
  }
  if (!(await pace.next(parts.next())).done) throw wrongCount(options, channels.length + 1);
  return async () => {
    const bodies = stored.map(({ file, path }): ChannelBytes => ({ file, bytes: createReadStream(path, READ) }));
    return bodies.length === 1 ? bodies[0].bytes : bodies;
  };
}

const READ = { highWaterMark: 1 << 18 };

/**
 * Bytes of a file behind which its header has to have come: a gzip header may hold a name of any
 * length.
 */
const LATEST_HEADER = 2 ** 20;
/** Unpacked bytes that are looked at in one step: a header, and no voxel more than need be. */
const STEP = 352;

/** Passes a file on, and refuses it as soon as its header does not fit. */
async function* begun(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  { limits, volume, reader }: UploadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inflater = new Inflater(name, limits);
  const parser = new NiftiParser({ case: name, name, limits, reader, ...(volume !== undefined && { volume }) });
  let seen = 0;
  try {
    for await (const piece of bytes) {
      if (parser.header === null && seen < LATEST_HEADER) {
        seen += piece.length;
        for await (const plain of inflater.push(piece)) {
          for (let at = 0; at < plain.length && parser.header === null; at += STEP)
            Array.from(parser.push(plain.subarray(at, at + STEP)));
          if (parser.header !== null) break;
        }
      }
      yield piece;
    }
  } finally {
    inflater.close();
  }
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
