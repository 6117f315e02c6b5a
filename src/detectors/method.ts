import type { Embedding, Warning } from '../chunks.js';
import type { Blas } from '../maths/blas.js';
import type { Estimator } from './estimators.js';
import type { Tensor } from './safetensors.js';

/** Which features of a patch a method reads: the pooled activation [d] of the paper, or the mean of every channel [c]. */
export type Features = 'pooled' | 'channel-means';

/** Features of some training patches: rows [n,d] in C order. */
export interface FeatureBlock {
  readonly rows: Float32Array | Float64Array;
  readonly n: number;
  readonly d: number;
}

export interface FitContext {
  /** Of the covariance, where the method has one. */
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

/** A fitted method at work. */
export interface PatchScorer {
  /** Features that it was fitted to. */
  readonly d: number;
  /** How far a patch lies from the training patches: higher is more suspicious, never negative, NaN where the features hold one. */
  distance(features: Float32Array): number;
}

/**
 * A method that judges patches by the features of the frozen encoder. One file each in `methods/`, and one line in `methods/registry.ts`.
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
   * Fits the method to features that may be read more than once.
   *
   * @throws SegcanaryError `fit-failed` with fewer than two patches, with blocks of unequal d, with NaN or infinity, and where no feature varies
   */
  fit(blocks: () => AsyncIterable<FeatureBlock>, context: FitContext): Promise<FittedMethod>;
  /**
   * Makes the method of what it kept.
   *
   * @throws Error with half a sentence ("its mean …") for whoever knows the file's name
   */
  open(tensors: Readonly<Record<string, Tensor>>): PatchScorer;
}

/** The features of an embedding that a method reads. */
export const featuresOf = ({ vector, channelMeans }: Pick<Embedding, 'vector' | 'channelMeans'>, features: Features) =>
  features === 'pooled' ? vector : channelMeans;
