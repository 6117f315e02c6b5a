import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Slice } from './chunks.js';
import { isAbort, SegcanaryError } from './errors.js';
import { join } from './stages/join.js';
import { load } from './stages/load.js';
import type { Stage } from './stages/stage.js';

/** Bytes of a scan, from any stream: `process.stdin`, a file, an HTTP body, an async iterable of chunks. */
export type ScanBytes = Readable | AsyncIterable<Uint8Array>;

/** One channel of a scan that comes as a file a channel. */
export interface ChannelBytes {
  /** Name of the file in messages. */
  readonly file: string;
  readonly bytes: ScanBytes;
}

/** How far one scan has come. */
export interface Progress {
  readonly case: string;
  readonly patches: number;
  readonly total: number;
}

export interface ScanOptions {
  /** Name of the case in results and messages. @default 'stdin' */
  readonly case?: string;
  /** Name of the file in messages. @default the case */
  readonly file?: string;
  /** Which volume of a 4-D file, from 0. Without it a 4-D file is refused. */
  readonly volume?: number;
  /** Write the slices to a temporary file while measuring, as exact nnU-Net preprocessing needs. @default true */
  readonly spool?: boolean;
  /** Where the temporary file lies; a tmpfs would be RAM. @default os.tmpdir() */
  readonly tmpdir?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Reads a scan (load, and join where its channels are files of their own) and runs its slices through stages until all is done.
 *
 * @throws SegcanaryError what the stages throw, `aborted` when the signal says so
 */
export async function runScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScanOptions,
  stages: readonly Stage<never, unknown>[],
): Promise<void> {
  const { bytes, stages: first } = reading(source, options);
  try {
    await runStages(bytes, [...first, ...stages], options.signal);
  } catch (error) {
    if (isAbort(error))
      throw new SegcanaryError('aborted', `${options.file ?? options.case ?? 'stdin'}: stopped before it was done.`, {
        cause: error,
      });
    throw error;
  }
}

/** A pipeline of stages whose last chunks nobody wants. */
export function runStages(
  source: AsyncIterable<unknown>,
  stages: readonly Stage<never, unknown>[],
  signal?: AbortSignal,
): Promise<void> {
  return pipeline([source, ...stages, drain] as unknown as readonly NodeJS.ReadWriteStream[], { signal });
}

/** The stages that read a scan, and the bytes that go into the first of them. */
function reading(
  source: ScanBytes | readonly ChannelBytes[],
  { case: name = 'stdin', file = name, volume }: ScanOptions,
): { bytes: ScanBytes; stages: Stage<never, unknown>[] } {
  const loadFrom = (from: string) => load({ case: name, name: from, volume });
  if (!isChannels(source)) return { bytes: source, stages: [loadFrom(file)] };
  const [first, ...others] = source as readonly [ChannelBytes, ...ChannelBytes[]];
  const channels = others.map((other) => {
    const loaded = loadFrom(other.file);
    // The join stage reads the channel and is told of its error; nobody else needs to be.
    pipeline(other.bytes as Readable, loaded).catch(() => {});
    return loaded as AsyncIterable<Slice>;
  });
  return { bytes: first.bytes, stages: [loadFrom(first.file), ...(others.length > 0 ? [join({ channels })] : [])] };
}

const isChannels = (source: ScanBytes | readonly ChannelBytes[]): source is readonly ChannelBytes[] =>
  Array.isArray(source);

/** Takes what is left, so that the last stage never waits for a reader. */
async function drain(rest: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rest);
}
