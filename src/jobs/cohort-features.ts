import {
  type FeatureBlock,
  type Features,
  type KeptFeatures,
  keptFeatures,
  type PatchScorer,
} from '../detectors/method.js';
import type { Blas } from '../maths/linalg/blas.js';
import type { EncoderStage } from '../network/encoder-stages.js';

/** What an evaluation has to know of a kind of features: a further kind is one entry. */
interface FeatureKind {
  /** Whether it is another at every tap; if not, a method has one row for all taps. */
  readonly atTap: boolean;
  /** Sizes of the parts that it is made of, where it is made of several. */
  parts(stages: readonly EncoderStage[]): readonly number[] | undefined;
}

export const FEATURE_KINDS: Readonly<Record<Features, FeatureKind>> = {
  pooled: { atTap: true, parts: () => undefined },
  'channel-means': { atTap: true, parts: () => undefined },
  'stage-means': { atTap: false, parts: (stages) => stages.map(({ channels }) => channels) },
};

/**
 * The training patches as each kind of feature: one function a kind for all methods, which may
 * share what they find in it.
 */
export function blocksOf(fitting: readonly (KeptFeatures & { readonly n: number })[], stages: readonly EncoderStage[]) {
  const of = (features: Features) => {
    const parts = FEATURE_KINDS[features].parts(stages);
    return async function* (): AsyncGenerator<FeatureBlock> {
      for (const kept of fitting) {
        const [rows, d] = keptFeatures(kept, features);
        yield { rows, n: kept.n, d, ...(parts && { parts }) };
      }
    };
  };
  const kinds = Object.keys(FEATURE_KINDS) as Features[];
  return Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as Record<
    Features,
    () => AsyncGenerator<FeatureBlock>
  >;
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
