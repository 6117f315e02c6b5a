import { fitGaussian } from '../fit-gaussian.js';
import { type Gaussian, gaussian, squaredDistance, squaredDistances } from '../gaussian.js';
import type { FeatureBlock, Features, FitContext, FittedMethod, PatchMethod, PatchScorer } from '../method.js';
import type { Tensor } from '../safetensors.js';

/** What is done to features before they are fitted and judged. Same length. */
export type FeatureMap = (features: Float32Array) => Float32Array;

/**
 * A method that is the Mahalanobis distance of mapped features. Tensors: mean [d], whitener [r,d].
 */
export function gaussianMethod(
  info: Pick<PatchMethod, 'name' | 'title' | 'formula' | 'source' | 'features'>,
  map?: FeatureMap,
): PatchMethod {
  return {
    ...info,
    fit: async (blocks, context) => fitMapped(map ? () => mapped(blocks(), map) : blocks, context),
    open: (tensors) => scorerOf(gaussianOf(tensors), info.features, map),
  };
}

/** A Gaussian as a scorer of the features that it was fitted to. */
export function scorerOf(fitted: Gaussian, features: Features = 'pooled', map?: FeatureMap): PatchScorer {
  return {
    features,
    d: fitted.d,
    least: 0,
    distance: (z) => squaredDistance(fitted, map ? map(z) : z),
    distances: (rows, n, blas) => squaredDistances(fitted, map ? mapRows(rows, n, fitted.d, map) : rows, n, blas),
  };
}

async function fitMapped(blocks: () => AsyncIterable<FeatureBlock>, context: FitContext): Promise<FittedMethod> {
  const { mean, whitener, r, d, n, warnings, estimator, shrinkage, rank, conditionNumber } = await fitGaussian(
    blocks,
    context,
  );
  return {
    tensors: { mean: { shape: [d], data: mean }, whitener: { shape: [r, d], data: whitener } },
    n,
    d,
    gaussian: { estimator, shrinkage, rank, conditionNumber },
    warnings,
  };
}

async function* mapped(blocks: AsyncIterable<FeatureBlock>, map: FeatureMap): AsyncGenerator<FeatureBlock> {
  for await (const { rows, n, d } of blocks) {
    yield { rows: mapRows(rows, n, d, map), n, d };
  }
}

function mapRows(rows: Float32Array | Float64Array, n: number, d: number, map: FeatureMap): Float32Array {
  const out = new Float32Array(n * d);
  for (let i = 0; i < n; i++) out.set(map(Float32Array.from(rows.subarray(i * d, (i + 1) * d))), i * d);
  return out;
}

/** @throws Error with half a sentence where the tensors do not fit together */
export function gaussianOf({ mean, whitener }: Readonly<Record<string, Tensor>>): Gaussian {
  if (!mean || !whitener) throw new Error('it lacks the tensor mean or whitener');
  const [r, d] = whitener.shape;
  if (mean.shape.length !== 1 || whitener.shape.length !== 2 || d !== mean.shape[0] || !d || !r || r > d) {
    throw new Error(`its mean [${mean.shape}] and whitener [${whitener.shape}] do not fit together`);
  }
  return gaussian(mean.data, whitener.data);
}
