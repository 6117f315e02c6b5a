import type { FeatureBlock } from '../method.js';

/** Where the features of one tensor lie among those of a patch. */
export type Part = readonly [from: number, to: number];

/** Where the features of each tensor lie. */
export async function partsOf(blocks: AsyncIterable<FeatureBlock>): Promise<Part[]> {
  for await (const { n, d, parts = [d] } of blocks) {
    if (n === 0) continue;
    const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
    return parts.map((size, i): Part => [ends[i] - size, ends[i]]);
  }
  return [[0, 0]];
}

/** The features of one tensor alone. */
export async function* cut(blocks: AsyncIterable<FeatureBlock>, [from, to]: Part): AsyncGenerator<FeatureBlock> {
  const width = to - from;
  for await (const { rows, n, d, scan } of blocks) {
    const out = new Float32Array(n * width);
    for (let i = 0; i < n; i++) out.set(rows.subarray(i * d + from, i * d + to), i * width);
    yield { rows: out, n, d: width, scan };
  }
}
