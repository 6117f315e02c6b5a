import { setImmediate } from 'node:timers/promises';
import { SegcanaryError } from '../errors.js';

/** Work in many small steps, and what comes out of it. */
export type Steps<T> = Generator<void, T>;

/** All steps one after another. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Milliseconds that nothing else runs, about: a heartbeat or a signal waits no longer. */
const TURN = 50;

/**
 * The same, and timers, signals and streams have their turn now and then: a bootstrap takes
 * minutes.
 *
 * @param signal ends it between two steps
 * @throws SegcanaryError `aborted`
 */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  let since = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - since < TURN) continue;
    await setImmediate();
    if (signal?.aborted)
      throw new SegcanaryError('aborted', 'The evaluation was stopped; run it again to resume from its cache.');
    since = performance.now();
  }
}
