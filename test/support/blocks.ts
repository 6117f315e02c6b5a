import type { EmbeddingBlock } from '../../src/detectors/fit-gaussian.js';

/** The first n rows of [?,d], a few at a time, as they come from scan after scan. */
export async function* inBlocks(
  rows: Float32Array | Float64Array,
  n: number,
  d: number,
  size: number,
): AsyncGenerator<EmbeddingBlock> {
  for (let start = 0; start < n; start += size) {
    const stop = Math.min(start + size, n);
    yield { rows: rows.slice(start * d, stop * d), n: stop - start, d };
  }
}
