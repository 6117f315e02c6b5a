/**
 * What is made of the chunks that come out of a chain: a record of small functions, so that a
 * result is returned and not assigned from inside a callback. The model is get-stream's
 * `contents.js`.
 */
export interface Collector<Chunk, Result, State = unknown> {
  /** Before the first chunk. */
  init(): State;
  /** Takes a chunk in; a promise holds the stream back until it settles. */
  add(state: State, chunk: Chunk): State | Promise<State>;
  /** After the last chunk. */
  finish(state: State): Result;
}

/** Keeps nothing: what the stages do is all that is wanted. */
export const drain: Collector<unknown, void, null> = {
  init: () => null,
  add: () => null,
  finish: () => {},
};

/** The last chunk, or null where there was none. */
export const last = <Chunk>(): Collector<Chunk, Chunk | null, Chunk | null> => ({
  init: () => null,
  add: (_, chunk) => chunk,
  finish: (found) => found,
});

/**
 * Every chunk, in order. Memory grows with the stream: not for slices or patches of a whole scan.
 */
export const all = <Chunk>(): Collector<Chunk, Chunk[], Chunk[]> => ({
  init: () => [],
  add: (found, chunk) => {
    found.push(chunk);
    return found;
  },
  finish: (found) => found,
});

/**
 * Takes every chunk of a stream in and returns what came of them.
 *
 * @param onError told of an error of the collector's own, before it is thrown
 */
export async function collect<Chunk, Result, State>(
  chunks: AsyncIterable<Chunk>,
  { init, add, finish }: Collector<Chunk, Result, State>,
  onError?: (error: unknown) => void,
): Promise<Result> {
  let state = init();
  for await (const chunk of chunks) {
    try {
      const next = add(state, chunk);
      state = next instanceof Promise ? await next : next;
    } catch (error) {
      onError?.(error);
      throw error;
    }
  }
  return finish(state);
}
