import { Readable } from 'node:stream';
import { openScan } from '../formats/open.js';
import { formOf } from '../protocol/form.js';

/** One channel of a scan: a path, or its bytes, at once or as they come. */
export type ChannelBody = string | Uint8Array | AsyncIterable<Uint8Array>;
/** A scan to send; of several channels, all of them in the order of the plan. */
export type ScanBody = ChannelBody | readonly ChannelBody[];

/** A scan as it is sent, its files open. */
export interface OpenBody {
  readonly type: string;
  readonly body: Readable;
  /** Lets go of the files that were not read. */
  close(): void;
}

/**
 * Opens the files of a scan and makes one body of them: the file itself, or a form of one a
 * channel.
 *
 * @throws SegcanaryError `io`
 */
export async function openBody(scan: ScanBody): Promise<OpenBody> {
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
  return channelsOf(scan).every((channel) => typeof channel === 'string' || channel instanceof Uint8Array);
}

const channelsOf = (scan: ScanBody): readonly ChannelBody[] =>
  Array.isArray(scan) ? (scan as readonly ChannelBody[]) : [scan as ChannelBody];

async function streamOf(channel: ChannelBody): Promise<Readable> {
  if (typeof channel === 'string') return openScan(channel);
  if (channel instanceof Uint8Array) return Readable.from([channel]);
  return channel instanceof Readable ? channel : Readable.from(channel, { objectMode: false });
}
