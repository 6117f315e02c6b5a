import type { PatchPlace } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { Forecast } from './forecast.js';
import type { StageBody } from './stage.js';

/**
 * The body of a stage that has work done elsewhere, some chunks at a time, and hands the results on
 * in the order of the chunks.
 *
 * Work at the inference worker cannot be aborted half-way: an abort lets go of it and does not
 * wait. An error gets the name of the case and the patch.
 *
 * @param work what becomes of one patch
 * @param inFlight patches under way at a time
 * @param seconds that the scan may take; it is refused early where it cannot be done in time
 * @throws SegcanaryError `usage` for fewer than one
 */
export function inFlightBody<In extends PatchPlace, Out>(
  work: (chunk: In) => Promise<Out>,
  inFlight: number,
  seconds = Number.POSITIVE_INFINITY,
): StageBody<In, Out> {
  if (!Number.isInteger(inFlight) || inFlight < 1) {
    throw new SegcanaryError('usage', `inFlight must be a whole number of patches, at least 1, not ${inFlight}.`);
  }
  const forecast = new Forecast(seconds);
  const queue: Promise<Out>[] = [];
  return {
    async *transform(chunk, signal) {
      const working = work(chunk).then((out) => {
        forecast.done(chunk);
        return out;
      });
      const result = working.catch((cause: unknown) => {
        if (!(cause instanceof SegcanaryError) || cause.code === 'timed-out') throw cause;
        throw new SegcanaryError(cause.code, `patch ${chunk.index}: ${cause.message}`, {
          subject: chunk.grid.scan.case,
          option: cause.option,
          cause,
        });
      });
      // A failure is raised when its turn comes; until then it must not count as unhandled.
      result.catch(() => {});
      queue.push(result);
      if (queue.length >= inFlight) yield await orAbort(queue.shift()!, signal);
    },
    async *flush(signal) {
      for (let next = queue.shift(); next; next = queue.shift()) yield await orAbort(next, signal);
    },
    close() {
      queue.length = 0;
    },
  };
}

/** What a promise gives, or the reason for an abort, whichever comes first. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
