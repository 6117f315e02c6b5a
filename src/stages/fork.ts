import type { Writable } from 'node:stream';
import type { Chain } from './chain.js';
import type { Collector } from './collectors.js';
import { type Stage, stage } from './stage.js';

/** A stage that feeds a second consumer as well. */
export interface Fork<T, R> extends Stage<T, T> {
  /** What the second consumer made of the chunks; rejected with what it failed with. */
  readonly result: Promise<R>;
}

/**
 * Passes every chunk on and gives it to a second consumer as well: one pass, two readers. A chunk
 * is not asked for before both have room for it, so that the slower one sets the pace and nothing
 * piles up.
 *
 * @param consume gets the chunks as a stream, and settles when it has had enough of them; its error
 *   ends both branches
 */
export function fork<T, R = void>(consume: (chunks: AsyncIterable<T>) => Promise<R>): Fork<T, R> {
  const second = stage<T, T>(
    { name: 'branch' },
    {
      *transform(chunk) {
        yield chunk;
      },
    },
  );
  let failed: Error | null = null;
  const result = consume(second);
  const consumed = result.then(
    () => {},
    (error: Error) => {
      failed = error;
      second.destroy();
    },
  );
  // A branch that is destroyed says so to its consumer, not to the process.
  second.on('error', () => {});
  const forking = stage<T, T>(
    { name: 'fork' },
    {
      async *transform(chunk, signal) {
        if (failed) throw failed;
        if (!second.writableEnded && !second.destroyed && !second.write(chunk)) await drained(second, signal);
        if (failed) throw failed;
        yield chunk;
      },
      async *flush() {
        second.end();
        await consumed;
        if (failed) throw failed;
        yield* [];
      },
      async close() {
        second.destroy();
        await consumed;
      },
    },
  );
  return Object.assign(forking, { result });
}

/** A chain as the second consumer: `result` is what the collector makes of what comes out of it. */
export function branch<T, Out, R, S>(into: Chain<T, Out>, collector: Collector<Out, R, S>): Fork<T, R> {
  return fork((chunks) => into.run(chunks, collector));
}

/** Waits until the branch takes more, is closed, or nobody needs it any longer. */
function drained(branch: Writable, signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve) => {
    const done = () => {
      branch.off('drain', done).off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    branch.once('drain', done).once('close', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
