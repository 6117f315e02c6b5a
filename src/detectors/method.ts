import type { Embedding } from '../chunks.js';
import type { Blas } from '../maths/linalg/blas.js';
import type { Warning } from '../results.js';
import type { Estimator } from './estimators.js';
import type { Tensor } from './safetensors.js';

/**
 * Which features of a patch a method reads: the pooled activation [d] of the paper, the mean of
 * every channel [c] at the tap, or the means of every channel of every stage of the encoder, one
 * stage after another.
 */
export type Features = 'pooled' | 'channel-means' | 'stage-means';

/** Features of some training patches: rows [n,d] in C order. */
export interface FeatureBlock {
  readonly rows: Float32Array | Float64Array;
  readonly n: number;
  readonly d: number;
  /**
   * Sizes of the stages that the features are made of; they sum to d. Present with stage means
   * alone.
   */
  readonly parts?: readonly number[] | undefined;
}

export interface FitContext {
  /** How the covariance is estimated, where the method has one. */
  readonly estimator: Estimator;
  readonly blas: Blas;
}

/** How well conditioned the Gaussian of a method is. */
export interface GaussianFacts {
  readonly estimator: Estimator;
  readonly shrinkage: number | null;
  /** Numerical rank of the empirical covariance. */
  readonly rank: number;
  readonly conditionNumber: number;
}

/** What a method keeps of the training patches. */
export interface FittedMethod {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Training patches. */
  readonly n: number;
  /** Features. */
  readonly d: number;
  readonly gaussian: GaussianFacts | null;
  readonly warnings: readonly Warning[];
}

/**
 * Groups of features that are judged each by itself: the stages of the encoder, or groups of the
 * channels at its tap.
 */
export interface GroupDistances {
  /** Mean and standard deviation of each group's squared distance over the training patches. */
  readonly training: readonly { readonly mean: number; readonly deviation: number }[];
  /** The squared distance of a patch in every group. */
  distances(features: Float32Array): Float64Array;
}

/** A fitted method at work on whatever features it was fitted to. */
export interface Scorer {
  /** How many features those are. */
  readonly d: number;
  /**
   * How far features lie from those of the training: higher is more suspicious, never negative
   * where the method says so, NaN where the features hold one.
   */
  distance(features: Float32Array): number;
}

/** A fitted method at work on patches: it carries what it reads of them. */
export interface PatchScorer extends Scorer {
  readonly features: Features;
  /**
   * The distances of many patches at once, rows [n,d] in C order, where a BLAS makes that faster.
   * Sums may round otherwise.
   */
  distances?(rows: Float32Array, n: number, blas: Blas): Promise<Float64Array>;
  /** What it sees of every stage of the encoder, where the method judges each by itself. */
  readonly encoderStages?: GroupDistances;
}

/**
 * A method that judges patches by the features of the frozen encoder. One file each in `methods/`,
 * and one line in `methods/registry.ts`.
 */
export interface PatchMethod {
  /** What `fit --detector` and the tables call it. */
  readonly name: string;
  readonly title: string;
  /** In one line of plain text. */
  readonly formula: string;
  /** Paper, and what it says for it. */
  readonly source: string;
  readonly features: Features;
  /**
   * No distance is ever below 0, so that the mean over a scan is at least what some of its patches
   * give: `--early` rests on it.
   */
  readonly nonNegative: boolean;
  /**
   * Fits the method to features that may be read more than once.
   *
   * @throws SegcanaryError `fit-failed` with fewer than two patches, with blocks of unequal d, with
   *   NaN or infinity, and where no feature varies
   */
  fit(blocks: () => AsyncIterable<FeatureBlock>, context: FitContext): Promise<FittedMethod>;
  /**
   * Makes the method of what it kept.
   *
   * @throws Error with half a sentence ("its mean …") for whoever knows the file's name
   */
  open(tensors: Readonly<Record<string, Tensor>>): PatchScorer;
}

/** The features of an embedding that a method reads; empty where they were not taken. */
export function featuresOf(
  { vector, channelMeans, measured }: Pick<Embedding, 'vector' | 'channelMeans' | 'measured'>,
  features: Features,
): Float32Array {
  if (features === 'pooled') return vector;
  return features === 'channel-means' ? channelMeans : (measured ?? new Float32Array(0));
}

/** What each kind of features is, in words. */
export const FEATURE_WORDS: Readonly<Record<Features, string>> = {
  pooled: 'the pooled activation at its tap',
  'channel-means': 'the mean of every channel at its tap',
  'stage-means': 'the means of every channel of every stage of the encoder',
};

/** Features of all patches of a scan, as caches keep them: rows in C order. */
export interface KeptFeatures {
  /** [n,d]: pooled activations. */
  readonly rows: Float32Array;
  /** [n,c]: means of the channels. */
  readonly means: Float32Array;
  /** [n,m]: what was measured inside the graph; m may be 0. */
  readonly measured: Float32Array;
  readonly d: number;
  readonly c: number;
  readonly m: number;
}

/**
 * The features that a method reads, and their number a patch. What was measured has to be stage
 * means alone.
 */
export function keptFeatures(kept: KeptFeatures, features: Features): readonly [Float32Array, number] {
  if (features === 'pooled') return [kept.rows, kept.d];
  return features === 'channel-means' ? [kept.means, kept.c] : [kept.measured, kept.m];
}
