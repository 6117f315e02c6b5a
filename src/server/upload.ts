import { createReadStream } from 'node:fs';
import type { FastifyRequest } from 'fastify';
import type { ChannelBytes } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { Inflater } from '../formats/inflate.js';
import { NiftiParser } from '../formats/nifti/parser.js';
import type { ScanLimits } from '../limits.js';
import type { ImageReader } from '../plan.js';
import { type BodyFile, filesOf, lookedAt } from './bodies.js';
import { toFile } from './body-bytes.js';
import { HttpError } from './http-error.js';
import type { OpenScan } from './judge.js';
import { Pace } from './pace.js';
import { type SeriesOptions, seriesAmong, storedFiles, storedMembers, type UploadedSeries } from './uploaded-series.js';

export interface UploadOptions extends SeriesOptions {
  /** Which volume of a 4-D file. */
  readonly volume: number | undefined;
  /** Whose rules headers are read by. */
  readonly reader: ImageReader | undefined;
}

/** Content types of a body that is one file. */
export const FILE_TYPES = [
  'application/gzip',
  'application/x-gzip',
  'application/octet-stream',
  'application/dicom',
  'application/zip',
  'application/x-zip-compressed',
  'application/x-tar',
];

/** Content type of a body whose parts are DICOM files. */
export const RELATED_TYPE = 'multipart/related';

/**
 * Writes a request's scan to temporary files, as it comes and whatever is being scored meanwhile,
 * and gives its bytes, or its slices, from there. One piece of it is in memory. What its first
 * bytes show to be no scan for this server is refused before the rest has come. Bytes tell what it
 * is, and not its type: an image, DICOM files or an archive of them.
 *
 * @throws SegcanaryError `scan-unsuitable` for another number of channels, `limit-exceeded`,
 *   `timed-out`, `aborted`, `io`; `nifti-invalid`, `nifti-unsupported` and what else a header may
 *   be refused for; as `seriesAmong`
 */
export async function storedScan(request: FastifyRequest, options: UploadOptions): Promise<OpenScan | UploadedSeries> {
  const { limits, signal, name } = options;
  const pace = new Pace(name, limits, signal);
  const files = filesOf(request, options, pace);
  const first = await files.next();
  if (first.done) throw wrongCount(options, 0);
  const { bytes, isSaidDicom } = first.value;
  const looked = await lookedAt(bytes);
  const { kind } = looked;
  if (kind === 'dicom' || isSaidDicom) {
    refuseVolume(options);
    return seriesAmong(await storedFiles({ bytes: looked.bytes, isSaidDicom }, files, options), options);
  }
  if (kind === 'image') return storedImages(looked.bytes, files, options);
  refuseVolume(options);
  const members = await storedMembers(looked.bytes, kind, options);
  if (!(await files.next()).done)
    throw new SegcanaryError('usage', 'came as an archive and something behind it; send one archive.', {
      subject: name,
    });
  return seriesAmong(members, options);
}

/** NIfTI files, one a channel. */
async function storedImages(
  first: AsyncIterable<Uint8Array>,
  files: AsyncGenerator<BodyFile, void, undefined>,
  options: UploadOptions,
): Promise<OpenScan> {
  const { channels, signal, name } = options;
  const stored: { readonly file: string; readonly path: string }[] = [];
  for (const [i, channel] of channels.entries()) {
    const next = i === 0 ? null : await files.next();
    if (next?.done) throw wrongCount(options, i);
    const path = options.files.path(i === 0 ? 'image' : `channel-${i}`);
    const file = channels.length > 1 ? `${name}, ${channel}` : name;
    await toFile(begun(next?.value.bytes ?? first, file, options), path, signal);
    stored.push({ file, path });
  }
  if (!(await files.next()).done) throw wrongCount(options, channels.length + 1);
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

function wrongCount({ name, channels }: UploadOptions, found: number): SegcanaryError {
  const count = found > channels.length ? `more than ${channels.length}` : found === 0 ? 'no' : `${found}`;
  return new SegcanaryError(
    'scan-unsuitable',
    `came with ${count} files and the model takes ${channels.length} (${channels.join(', ')}); send one file a channel, in that order${channels.length > 1 ? ', as multipart/form-data' : ''}.`,
    { subject: name },
  );
}

function refuseVolume({ name, volume }: UploadOptions): void {
  if (volume !== undefined)
    throw new SegcanaryError('usage', 'is DICOM, and `volume` is for 4-D NIfTI files; leave it out.', {
      subject: name,
      option: 'volume',
    });
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
