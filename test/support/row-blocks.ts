import type { FeatureBlock } from '../../src/detectors/method.js';

/** Training rows in blocks of unequal size. */
export function rowBlocksOf({
  n,
  d,
  rows,
  parts,
}: {
  readonly n: number;
  readonly d: number;
  readonly rows: readonly number[];
  readonly parts?: readonly number[] | undefined;
}): () => AsyncGenerator<FeatureBlock> {
  return async function* () {
    for (let from = 0, size = 1; from < n; from += size, size += 7) {
      const to = Math.min(n, from + size);
      yield { rows: Float32Array.from(rows.slice(from * d, to * d)), n: to - from, d, parts };
    }
  };
}
