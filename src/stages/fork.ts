import type { Writable } from 'node:stream';
import { type Stage, stage } from './stage.js';

/**
 * Passes every chunk on and gives it to a second consumer as well: one pass, two readers. A chunk
 * is not asked for before both have room for it, so that the slower one sets the pace and nothing
 * piles up.
 *
 * @param consume gets the chunks as a stream, and settles when it has had enough of them; its error
 *   ends both branches
 */
export function fork<T>(consume: (chunks: AsyncIterable<T>) => Promise<void>): Stage<T, T> {
  const branch = stage<T, T>(
    { name: 'branch' },
    {
      *transform(chunk) {
        yield chunk;
      },
    },
  );
  let failed: Error | null = null;
  const consumed = consume(branch).catch((error: Error) => {
    failed = error;
    branch.destroy();
  });
  // A branch that is destroyed says so to its consumer, not to the process.
  branch.on('error', () => {});
  return stage<T, T>(
    { name: 'fork' },
    {
      async *transform(chunk, signal) {
        if (failed) throw failed;
        if (!branch.writableEnded && !branch.destroyed && !branch.write(chunk)) await drained(branch, signal);
        if (failed) throw failed;
        yield chunk;
      },
      async *flush() {
        branch.end();
        await consumed;
        if (failed) throw failed;
        yield* [];
      },
      async close() {
        branch.destroy();
        await consumed;
      },
    },
  );
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
