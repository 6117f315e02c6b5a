import type { FeatureBlock, TrainingScan } from '../../src/detectors/method.js';

/** Training rows in blocks of unequal size. */
export function rowBlocksOf({
  n,
  d,
  rows,
  parts,
  scans,
}: {
  readonly n: number;
  readonly d: number;
  readonly rows: readonly number[];
  readonly parts?: readonly number[] | undefined;
  /** What else is known of each block. */
  readonly scans?: readonly TrainingScan[] | undefined;
}): () => AsyncGenerator<FeatureBlock> {
  return async function* () {
    for (let from = 0, size = 1, i = 0; from < n; from += size, size += 7) {
      const to = Math.min(n, from + size);
      yield { rows: Float32Array.from(rows.slice(from * d, to * d)), n: to - from, d, parts, scan: scans?.[i++] };
    }
  };
}
