import type { Slice } from '../chunks.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import type { ScanSource } from '../formats/scan-source.js';
import { limitsOf, timerMs } from '../limits.js';
import { type PreparationOptions, type ReadingOptions, scanned } from '../pipeline.js';
import type { Chain } from '../stages/chain.js';
import type { Collector } from '../stages/collectors.js';
import type { ProgressListener } from '../stages/progress.js';

/** What every use of one scan has. */
export interface ScanOptions extends ReadingOptions, Pick<PreparationOptions, 'spool' | 'tmpdir'> {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/**
 * Reads a scan and runs its slices through a chain until all is done.
 *
 * @param collector what is made of the chunks that come out
 * @returns what the collector makes of them
 * @throws SegcanaryError what the stages throw, `timed-out`, `aborted` when the signal says so
 */
export async function runScan<Out, Result, State>(
  source: ScanSource,
  options: ScanOptions,
  through: Chain<Slice, Out>,
  collector: Collector<NoInfer<Out>, Result, State>,
): Promise<Result> {
  const slices = scanned(source, options);
  const { case: name = 'stdin', file = name } = options;
  const { signal, ...clock } = startClock(options);
  try {
    return await slices.to(through).run(collector, { signal });
  } catch (error) {
    if (isAbort(error) && clock.isUp()) throw clock.error(error);
    if (isAbort(error))
      throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: file, cause: error });
    // A disk that fails in the middle of a file. What is written is named by whoever writes it.
    if ((error as NodeJS.ErrnoException).syscall === 'read') throw cannotRead(file, error);
    throw error;
  } finally {
    clock.stop();
  }
}

/** The sentence for a scan out of which nothing came. */
export function endedEarly({ case: name = 'stdin', file = name }: ReadingOptions, what: string): SegcanaryError {
  return new SegcanaryError('truncated', `the scan ended before ${what}.`, { subject: file });
}

/** A signal that aborts when the caller's does, or when the scan's time is up. */
function startClock({ signal, limits, case: name = 'stdin', file = name }: ScanOptions) {
  const { seconds } = limitsOf(limits);
  const controller = new AbortController();
  const forward = () => controller.abort(signal?.reason);
  let up = false;
  const timer = setTimeout(() => {
    up = true;
    controller.abort();
  }, timerMs(seconds));
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
