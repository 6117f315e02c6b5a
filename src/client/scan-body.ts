import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { cannotRead } from '../files/atomic.js';
import type { FileRange } from '../files/file-range.js';
import { openScan } from '../formats/open.js';
import { formOf } from '../protocol/form.js';
import { relatedBody } from '../protocol/multipart-related.js';

/** One channel of a scan: a path, or its bytes, at once or as they come. */
export type ChannelBody = string | Uint8Array | AsyncIterable<Uint8Array>;

/** The DICOM files of a series, as paths or as parts of files; their order says nothing. */
export interface SeriesBody {
  readonly files: readonly (string | FileRange)[];
}

/**
 * A scan to send: its file, NIfTI, a DICOM file or an archive of them; of several channels, all of
 * them in the order of the plan; or the files of a DICOM series.
 */
export type ScanBody = ChannelBody | readonly ChannelBody[] | SeriesBody;

/** A scan as it is sent, its files open. */
export interface OpenBody {
  readonly type: string;
  readonly body: Readable;
  /** Lets go of the files that were not read. */
  close(): void;
}

/**
 * Opens the files of a scan and makes one body of them: the file itself, a form of one a channel,
 * or, of a DICOM series, a multipart/related body, whose files are opened one after another.
 *
 * @throws SegcanaryError `io`
 */
export async function openBody(scan: ScanBody): Promise<OpenBody> {
  if (isSeries(scan)) {
    const ranges: FileRange[] = [];
    for (const file of scan.files) ranges.push(typeof file === 'string' ? await rangeOf(file) : file);
    const { contentType, body } = relatedBody(ranges);
    return { type: contentType, body, close: () => body.destroy() };
  }
  const files: Readable[] = [];
  const close = () => {
    for (const file of files) file.destroy();
  };
  try {
    for (const channel of channelsOf(scan)) files.push(await streamOf(channel));
  } catch (error) {
    close();
    throw error;
  }
  const { type, body } = files.length === 1 ? { type: 'application/octet-stream', body: files[0] } : formOf(files);
  // A form that ends early leaves the files whose turn did not come.
  body.once('close', close);
  return { type, body, close };
}

/** Whether a scan can be sent a second time: a stream is read once. */
export function canBeSentTwice(scan: ScanBody): boolean {
  if (isSeries(scan)) return true;
  return channelsOf(scan).every((channel) => typeof channel === 'string' || channel instanceof Uint8Array);
}

const isSeries = (scan: ScanBody): scan is SeriesBody =>
  typeof scan === 'object' && 'files' in scan && Array.isArray(scan.files);

const channelsOf = (scan: Exclude<ScanBody, SeriesBody>): readonly ChannelBody[] =>
  Array.isArray(scan) ? (scan as readonly ChannelBody[]) : [scan as ChannelBody];

async function streamOf(channel: ChannelBody): Promise<Readable> {
  if (typeof channel === 'string') return openScan(channel);
  if (channel instanceof Uint8Array) return Readable.from([channel]);
  return channel instanceof Readable ? channel : Readable.from(channel, { objectMode: false });
}

async function rangeOf(path: string): Promise<FileRange> {
  try {
    return { name: basename(path), path, start: 0, length: (await stat(path)).size };
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}
