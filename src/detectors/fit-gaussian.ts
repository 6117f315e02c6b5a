import { SegcanaryError } from '../errors.js';
import type { Blas } from '../maths/linalg/blas.js';
import { cholesky } from '../maths/linalg/cholesky.js';
import { largestEigenvalue } from '../maths/linalg/condition.js';
import { columnMeans, Moments, type Sample } from '../maths/linalg/moments.js';
import { ledoitWolfShrinkage, oasShrinkage, shrink } from '../maths/linalg/shrinkage.js';
import { mirrorUpper, multiplySymmetric, trace } from '../maths/linalg/symmetric.js';
import {
  choleskyWhitening,
  gramWhitening,
  pseudoInverseWhitening,
  rankCutoff,
  type Whitening,
} from '../maths/linalg/whitener.js';
import type { Warning } from '../results.js';
import { type Estimator, warningsOfFit } from './estimators.js';
import { type Gaussian, gaussian } from './gaussian.js';

/** Embeddings of some training patches: rows [n,d] in C order. */
export interface EmbeddingBlock {
  readonly rows: Float32Array | Float64Array;
  readonly n: number;
  readonly d: number;
}

export interface GaussianFit extends Gaussian {
  /** Training patches. */
  readonly n: number;
  /**
   * Numerical rank of the *empirical* covariance: the directions in which the training patches
   * moved, whatever the estimator added.
   */
  readonly rank: number;
  /**
   * How well the covariance that the distances use (the shrunk one, where it was shrunk) is
   * conditioned over the directions that it sees; within 10 %.
   */
  readonly conditionNumber: number;
  /** Weight of the scaled identity in the covariance; null for `empirical`. */
  readonly shrinkage: number | null;
  readonly estimator: Estimator;
  readonly warnings: readonly Warning[];
}

export interface FitOptions {
  readonly estimator: Estimator;
  readonly blas: Blas;
}

/**
 * Fits mean and covariance (divisor n) to embeddings that are read once. Distances equal those of
 * sklearn's LedoitWolf, OAS and EmpiricalCovariance (pseudo-inverse: `pinvh`). Peak memory is one
 * [d,d] of float64 where the covariance is invertible.
 * @throws SegcanaryError 'fit-failed' with fewer than two patches, with blocks of unequal d, with
 *   NaN or infinity, and where no feature varies.
 */
export async function fitGaussian(
  blocks: AsyncIterable<EmbeddingBlock> | (() => AsyncIterable<EmbeddingBlock>),
  { estimator, blas }: FitOptions,
): Promise<GaussianFit> {
  const collected = await collect(typeof blocks === 'function' ? blocks() : blocks, estimator, blas);
  const { n, d, mean } = collected;
  const constant = countConstant(collected);
  if (constant === d) {
    throw new SegcanaryError(
      'fit-failed',
      `All ${n} training patches have the same embedding; check the scans and the tap.`,
    );
  }
  const { whitening, rank, shrinkage } =
    'centred' in collected ? await fromRows(collected, blas) : await fromCovariance(collected, estimator, blas);
  return {
    ...gaussian(mean, whitening.whitener),
    n,
    rank,
    conditionNumber: whitening.conditionNumber,
    shrinkage,
    estimator,
    warnings: warningsOfFit({ estimator, n, d, rank, constant }),
  };
}

interface CentredRows {
  readonly n: number;
  readonly d: number;
  readonly mean: Float64Array;
  /** [n,d]. */
  readonly centred: Float64Array;
}

interface Result {
  readonly whitening: Whitening;
  readonly rank: number;
  readonly shrinkage: number | null;
}

/**
 * Keeps the rows themselves while `empirical` may still need their Gram matrix (n <= d: no more
 * than a covariance), sums them otherwise.
 */
async function collect(blocks: AsyncIterable<EmbeddingBlock>, estimator: Estimator, blas: Blas) {
  let moments: Moments | null = null;
  let kept: EmbeddingBlock[] = [];
  let n = 0;
  let d = 0;
  for await (const block of blocks) {
    if (block.n === 0) continue;
    if (n === 0) d = block.d;
    if (block.d !== d) {
      throw new SegcanaryError(
        'fit-failed',
        `Embeddings of ${block.d} values came after embeddings of ${d}: fit with one tap only.`,
      );
    }
    n += block.n;
    kept.push(block);
    if (estimator !== 'empirical' || n > d) {
      moments ??= new Moments(d, blas);
      for (const { rows, n: count } of kept) await moments.add(rows, count);
      kept = [];
    }
  }
  if (n < 2) {
    throw new SegcanaryError(
      'fit-failed',
      `A fit needs at least 2 training patches, there ${n === 1 ? 'is 1' : 'are none'}; give more scans.`,
    );
  }
  return moments ? moments.finish() : centre(kept, n, d);
}

function centre(kept: readonly EmbeddingBlock[], n: number, d: number): CentredRows {
  const centred = new Float64Array(n * d);
  let at = 0;
  for (const { rows, n: count } of kept) {
    centred.set(rows.subarray(0, count * d), at);
    at += count * d;
  }
  const bad = centred.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new SegcanaryError(
      'fit-failed',
      `The embedding of training patch ${Math.floor(bad / d)} holds NaN or infinity; check the model and the scan that it came from.`,
    );
  }
  const mean = columnMeans(centred, n, d);
  for (let row = 0; row < n; row++) for (let i = 0; i < d; i++) centred[row * d + i] -= mean[i];
  return { n, d, mean, centred };
}

function countConstant(collected: CentredRows | Sample): number {
  const { n, d } = collected;
  let constant = 0;
  for (let i = 0; i < d; i++) {
    let varies = false;
    if ('centred' in collected) {
      for (let row = 0; row < n && !varies; row++) varies = collected.centred[row * d + i] !== 0;
    } else varies = collected.covariance[i * d + i] > 0;
    if (!varies) constant++;
  }
  return constant;
}

async function fromRows({ centred, n, d }: CentredRows, blas: Blas): Promise<Result> {
  const whitening = await gramWhitening(centred, n, d, blas);
  return { whitening, rank: whitening.rank, shrinkage: null };
}

async function fromCovariance(sample: Sample, estimator: Estimator, blas: Blas): Promise<Result> {
  const { covariance, d } = sample;
  const largest = largestEigenvalue((x) => multiplySymmetric(covariance, d, x), d);
  const shrinkage =
    estimator === 'empirical' ? null : (estimator === 'oas' ? oasShrinkage : ledoitWolfShrinkage)(sample);
  const lift = ((shrinkage ?? 0) * trace(covariance, d)) / d;
  // For the rank. The factor takes the diagonal and what is below; above it the covariance stays,
  // so that one matrix is enough.
  const diagonal = Float64Array.from({ length: d }, (_, i) => covariance[i * d + i]);
  const { rank, order } = await cholesky(covariance, d, { blas, pivot: true, tolerance: rankCutoff(largest, d) });
  if (rank < d && lift <= rankCutoff(largest, d)) {
    // A lift below the cutoff means a shrinkage of at most d^2 eps: the empirical factor serves for
    // the shrunk covariance as well.
    return { whitening: await pseudoInverseWhitening(covariance, order, rank, d, largest, blas), rank, shrinkage };
  }
  mirrorUpper(covariance, d);
  for (let i = 0; i < d; i++) covariance[i * d + i] = diagonal[i];
  if (shrinkage !== null) shrink(covariance, d, shrinkage);
  const whitening = await choleskyWhitening(covariance, d, (1 - (shrinkage ?? 0)) * largest + lift, blas);
  if (whitening) return { whitening, rank, shrinkage };
  throw new SegcanaryError(
    'fit-failed',
    `The ${estimator} covariance of ${sample.n} patches is numerically singular; give more scans or fit with ledoit-wolf.`,
  );
}
