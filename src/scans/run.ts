import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Slice } from '../chunks.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import { limitsOf, type ScanLimits } from '../limits.js';
import type { Warning } from '../results.js';
import { join } from '../stages/join.js';
import { load } from '../stages/load.js';
import type { Stage } from '../stages/stage.js';

/**
 * Bytes of a scan, from any stream: `process.stdin`, a file, an HTTP body, an async iterable of
 * chunks.
 */
export type ScanBytes = Readable | AsyncIterable<Uint8Array>;

/** One channel of a scan that comes as a file a channel. */
export interface ChannelBytes {
  /** Name of the file in messages. */
  readonly file: string;
  readonly bytes: ScanBytes;
}

/** Told of a remark about a scan, and of the name of its case. */
export type WarningListener = (warning: Warning, name: string) => void;

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
  /**
   * Write the slices to a temporary file while measuring, as exact nnU-Net preprocessing needs.
   * @default true
   */
  readonly spool?: boolean;
  /** Where the temporary file lies; a tmpfs would be RAM. @default os.tmpdir() */
  readonly tmpdir?: string;
  /** What the scan may be at most. @default DEFAULT_LIMITS */
  readonly limits?: Partial<ScanLimits>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told of what is well-formed and probably wrong (docs/input.md). */
  readonly onWarning?: WarningListener | undefined;
}

/**
 * Reads a scan (load, and join where its channels are files of their own) and runs its slices
 * through stages until all is done.
 *
 * @throws SegcanaryError what the stages throw, `timed-out`, `aborted` when the signal says so
 */
export async function runScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScanOptions,
  stages: readonly Stage<never, unknown>[],
): Promise<void> {
  const { bytes, stages: first } = reading(source, options);
  const { signal, ...clock } = startClock(options);
  try {
    await runStages(bytes, [...first, ...stages], signal);
  } catch (error) {
    if (isAbort(error) && clock.isUp()) throw clock.error(error);
    if (isAbort(error))
      throw new SegcanaryError('aborted', 'stopped before it was done.', {
        subject: options.file ?? options.case ?? 'stdin',
        cause: error,
      });
    // A disk that fails in the middle of a file. What is written is named by whoever writes it.
    if ((error as NodeJS.ErrnoException).syscall === 'read')
      throw cannotRead(options.file ?? options.case ?? 'stdin', error);
    throw error;
  } finally {
    clock.stop();
  }
}

/** A signal that aborts when the caller's does, or when the scan's time is up. */
function startClock({ signal, limits, case: name = 'stdin', file = name }: ScanOptions) {
  const { seconds } = limitsOf(limits);
  const controller = new AbortController();
  const forward = () => controller.abort(signal?.reason);
  let up = false;
  // Longer than a timer can be is for ever.
  const ms = Math.min(seconds * 1000, 2 ** 31 - 1);
  const timer = setTimeout(() => {
    up = true;
    controller.abort();
  }, ms);
  if (signal?.aborted) forward();
  else signal?.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    isUp: () => up,
    error: (cause: unknown) =>
      new SegcanaryError(
        'timed-out',
        `was not done after ${seconds} s and was stopped; \`limits.seconds\` gives a scan longer.`,
        { option: 'limits.seconds', subject: file, cause },
      ),
    // The listener goes too: one signal serves thousands of scans.
    stop: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', forward);
    },
  };
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
  { case: name = 'stdin', file = name, volume, limits, onWarning }: ScanOptions,
): { bytes: ScanBytes; stages: Stage<never, unknown>[] } {
  const loadFrom = (from: string) => load({ case: name, name: from, volume, limits, onWarning });
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
