import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Sends chunks through stages and gathers what comes out of the last. The source may be a stream
 * itself.
 */
export async function collect<T>(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  ...stages: readonly unknown[]
): Promise<T[]> {
  const out: T[] = [];
  const gather = async (chunks: AsyncIterable<T>) => {
    for await (const chunk of chunks) out.push(chunk);
  };
  const chunks = source instanceof Readable ? source : Readable.from(source, { highWaterMark: 1 });
  await pipeline([chunks, ...stages, gather] as never);
  return out;
}

/** Reads to the end of what comes, and keeps nothing. */
export async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}
