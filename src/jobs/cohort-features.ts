import type { Tiles } from '../chunks.js';
import type { CachedEmbeddings } from '../detectors/embedding-cache.js';
import {
  type FeatureBlock,
  type Features,
  isMeasured,
  type KeptFeatures,
  keptFeatures,
  measuredTensors,
  type PatchScorer,
  partsOf,
} from '../detectors/method.js';
import type { Blas } from '../maths/linalg/blas.js';
import { stackRows } from '../maths/linalg/stack.js';
import type { EncoderStage } from '../network/encoder-stages.js';

/**
 * The training patches as each kind of feature: one function a kind for all methods, which may
 * share what they find in it.
 *
 * @param folds of the scans
 */
export function blocksOf(
  fitting: readonly CachedEmbeddings[],
  folds: readonly number[],
  stages: readonly EncoderStage[],
): (features: Features, tiles?: Tiles) => () => AsyncGenerator<FeatureBlock> {
  const known = new Map<string, () => AsyncGenerator<FeatureBlock>>();
  const blocks = (features: Features, tiles: Tiles) => {
    const parts = isMeasured(features) ? partsOf(features, measuredTensors(features, stages)) : undefined;
    // Cut out once, read many times.
    const held = fitting.map((all, i): FeatureBlock => {
      const kept = tiles === 'cover' ? covering(all, features) : all;
      const [rows, d] = keptFeatures(kept, features);
      const { n, weights, histogram } = kept;
      return { rows, n, d, parts, scan: { fold: folds[i], weights, histogram } };
    });
    return async function* () {
      yield* held;
    };
  };
  return (features, tiles = 'all') => {
    const name = `${features} ${tiles}`;
    const read = known.get(name) ?? blocks(features, tiles);
    known.set(name, read);
    return read;
  };
}

/**
 * A scan with those patches alone that cover its grid, and of them what is measured in the graph.
 */
function covering(kept: CachedEmbeddings, features: Features): CachedEmbeddings {
  const { cover } = kept;
  const [values, width] = keptFeatures(kept, features);
  const of = [...cover.keys()].filter((i) => cover[i] >= 0);
  const weights = Float32Array.from(of, (i) => cover[i]);
  const rows = stackRows(of.map((i) => values.subarray(i * width, (i + 1) * width)));
  return { ...kept, measured: rows, m: width, layout: undefined, n: of.length, weights, cover: weights };
}

/** Distances of the patches of every scan: all at once where the method can. */
export async function distancesOf(
  scans: readonly KeptFeatures[],
  scorer: PatchScorer,
  blas: Blas,
): Promise<Float64Array[]> {
  const kept = scans.map((scan) => keptFeatures(scan, scorer.features));
  const counts = kept.map(([values, width]) => values.length / width);
  const n = counts.reduce((sum, count) => sum + count, 0);
  const all = new Float32Array(n * scorer.d);
  let at = 0;
  for (const [values] of kept) {
    all.set(values, at);
    at += values.length;
  }
  const one = (p: number) => scorer.distance(all.subarray(p * scorer.d, (p + 1) * scorer.d));
  const distances = (await scorer.distances?.(all, n, blas)) ?? Float64Array.from({ length: n }, (_, p) => one(p));
  let first = 0;
  return counts.map((count) => {
    first += count;
    return distances.subarray(first - count, first);
  });
}
