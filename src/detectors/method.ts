import type { Embedding, Tiles } from '../chunks.js';
import type { Blas } from '../maths/linalg/blas.js';
import { columnsOf } from '../maths/linalg/stack.js';
import type { EncoderStage, FeatureMap } from '../network/encoder-stages.js';
import { type FeatureRange, MEASURE_WIDTH, type Measure, type MeasuredGroup } from '../network/onnx/patch-features.js';
import type { ExplainedFeature, Warning } from '../results.js';
import type { Estimator } from './estimators.js';
import type { Tensor } from './safetensors.js';

/** Which features of a patch a method reads: those at its tap, or what is measured in the graph. */
export type Features = 'pooled' | 'channel-means' | MeasuredFeatures;

/**
 * What is measured inside the graph, of several tensors of the encoder: the mean of every channel
 * where each stage ends; mean and spread of every channel of the last convolution of each stage,
 * before its norm; the mean of every channel of every convolution.
 */
export type MeasuredFeatures = 'stage-means' | 'stage-statistics' | 'convolution-means';

const MEASURED: Readonly<
  Record<
    MeasuredFeatures,
    { readonly measure: Measure; readonly tensorsOf: (stages: readonly EncoderStage[]) => readonly FeatureMap[] }
  >
> = {
  'stage-means': { measure: 'means', tensorsOf: (stages) => stages },
  'stage-statistics': { measure: 'statistics', tensorsOf: (stages) => stages.map(({ convolution }) => convolution) },
  'convolution-means': { measure: 'means', tensorsOf: (stages) => stages.flatMap(({ convolutions }) => convolutions) },
};

export const MEASURED_FEATURES = Object.keys(MEASURED) as readonly MeasuredFeatures[];

/** Whether features are measured inside the graph, at no tap. */
export const isMeasured = (features: Features): features is MeasuredFeatures => features in MEASURED;

/** The tensors that features are measured of, from the input on. */
export const measuredTensors = (features: MeasuredFeatures, stages: readonly EncoderStage[]): FeatureMap[] =>
  MEASURED[features].tensorsOf(stages).map(({ name, channels, shape }) => ({ name, channels, shape }));

/** What is added to the graph for features of these tensors. */
export const measuredGroup = (
  features: MeasuredFeatures,
  tensors: MeasuredGroup['tensors'],
): MeasuredGroup & { readonly features: MeasuredFeatures } => ({
  features,
  measure: MEASURED[features].measure,
  tensors,
});

/** How many numbers a patch has of each of these tensors. */
export const partsOf = (features: MeasuredFeatures, tensors: readonly { readonly channels: number }[]): number[] =>
  tensors.map(({ channels }) => channels * MEASURE_WIDTH[MEASURED[features].measure]);

/** Features of some training patches: rows [n,d] in C order. */
export interface FeatureBlock {
  readonly rows: Float32Array | Float64Array;
  readonly n: number;
  readonly d: number;
  /**
   * How many of the features are of each tensor; they sum to d. Present where they are measured of
   * several.
   */
  readonly parts?: readonly number[] | undefined;
  /** What else is known of the scan whose patches these are. */
  readonly scan?: TrainingScan | undefined;
}

/** A training scan, beside the features of its patches. */
export interface TrainingScan {
  /** Scans of one fold are judged by what the others were like; those of a patient are in one. */
  readonly fold: number;
  /** How much each patch counts in the score of the scan; they sum to 1. */
  readonly weights: ArrayLike<number>;
  /** Shares of its intensities after normalisation, channel after channel. */
  readonly histogram: ArrayLike<number>;
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
  /** How many features each group has. */
  readonly widths: readonly number[];
  /** Mean and standard deviation of each group's squared distance over the training patches. */
  readonly training: readonly { readonly mean: number; readonly deviation: number }[];
  /** The distance of a patch in every group. */
  distances(features: Float32Array): Float64Array;
  /**
   * How many times as far as the training patches a group lies, where its distances are no squared
   * distances whose means can be divided.
   *
   * @param distance mean over the patches
   */
  ratio?(group: number, distance: number): number;
  /**
   * The features of a group that have moved most.
   *
   * @param features of the group alone, mean over the patches
   */
  moved?(group: number, features: ArrayLike<number>): ExplainedFeature[];
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
   * No distance is ever below this, so that the mean over a scan is bounded by what some of its
   * patches give: `--early` rests on it. -Infinity where there is no such number.
   */
  readonly least: number;
  /**
   * The distances of many patches at once, rows [n,d] in C order, where a BLAS makes that faster.
   * Sums may round otherwise.
   */
  distances?(rows: Float32Array, n: number, blas: Blas): Promise<Float64Array>;
  /** What it sees of every stage of the encoder, where the method judges each by itself. */
  readonly encoderStages?: GroupDistances;
  /**
   * How far the intensities of a whole scan lie from those of the training scans, on the scale of
   * the score, which is the larger of this and the mean of the distances.
   */
  readonly intensities?: IntensityPart;
}

/** The part of a score that is of the intensities of the whole scan. */
export interface IntensityPart {
  /** Shares that it takes: bins of all channels. */
  readonly d: number;
  /** @param shares of its normalised intensities, channel after channel */
  distance(shares: ArrayLike<number>): number;
  /** How many times as far as the median training scan a scan of this distance lies, squared. */
  ratio(distance: number): number;
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
   * Which patches of half overlap it judges, where nobody asks for another step. @default 'all', as
   * the paper does
   */
  readonly tiles?: Tiles;
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
  'stage-statistics': 'mean and spread of every channel of the last convolution of every stage of the encoder',
  'convolution-means': 'the means of every channel of every convolution of the encoder',
};

/** Features of all patches of a scan, as caches keep them: rows in C order. */
export interface KeptFeatures {
  /** [n,d]: pooled activations. */
  readonly rows: Float32Array;
  /** [n,c]: means of the channels. */
  readonly means: Float32Array;
  /** [n,m]: what was measured inside the graph; m may be 0. */
  readonly measured: Float32Array;
  /**
   * Where each kind of features lies in what was measured; that is of one kind alone by default.
   */
  readonly layout?: Readonly<Partial<Record<MeasuredFeatures, FeatureRange>>> | undefined;
  readonly d: number;
  readonly c: number;
  readonly m: number;
}

/** The features that a method reads, and their number a patch. */
export function keptFeatures(kept: KeptFeatures, features: Features): readonly [Float32Array, number] {
  if (features === 'pooled') return [kept.rows, kept.d];
  if (features === 'channel-means') return [kept.means, kept.c];
  const range = kept.layout?.[features];
  return range ? [columnsOf(kept.measured, kept.m, range), range.width] : [kept.measured, kept.m];
}
