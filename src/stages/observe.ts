import { type Stage, stage } from './stage.js';

/**
 * Passes every chunk on and shows it to `look` on the way: a tap for progress, logging or keeping
 * embeddings. A promise returned by `look` holds the stream back until it settles.
 */
export function observe<T>(look: (chunk: T) => void | Promise<void>): Stage<T, T> {
  return stage<T, T>(
    { name: 'observe' },
    {
      async *transform(chunk) {
        await look(chunk);
        yield chunk;
      },
    },
  );
}
