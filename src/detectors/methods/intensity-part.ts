import { type RobustScale, robustScale, standardised } from '../../maths/robust-scale.js';
import { crossFit, logDistance } from '../cross-fit.js';
import type { FeatureBlock, FitContext, IntensityPart } from '../method.js';
import type { Tensor } from '../safetensors.js';
import { gaussianOf } from './gaussian-form.js';
import { scaleOf, tensorOfScale } from './scales.js';

/**
 * Fits what intensities of a whole scan are usual: the Mahalanobis distance, under Ledoit-Wolf
 * shrinkage, of the square roots of the shares of its bins, whose Euclidean distance is
 * Hellinger's. Roots let a few per cent of the voxels count as much as they should, and shrinkage
 * needs no choice of components: with 22 scans both are sturdier than the principal components of
 * `ihf` (docs/choosing.md).
 *
 *   z = (ln(D^2 / d) - median) / deviation, by scans that were left out in turn
 *
 * Tensors: intensities.mean [h], intensities.whitener [r,h], intensities.scale [2].
 */
export async function fitIntensities(
  blocks: () => AsyncIterable<FeatureBlock>,
  context: FitContext,
): Promise<Readonly<Record<string, Tensor>>> {
  const { fit, logDistances } = await crossFit(() => rootsOf(blocks()), { ...context, estimator: 'ledoit-wolf' });
  return {
    'intensities.mean': { shape: [fit.d], data: fit.mean },
    'intensities.whitener': { shape: [fit.r, fit.d], data: fit.whitener },
    'intensities.scale': tensorOfScale(robustScale(logDistances)),
  };
}

/** @throws Error with half a sentence for whoever knows the file's name */
export function openIntensities(tensors: Readonly<Record<string, Tensor>>): IntensityPart {
  const { 'intensities.mean': mean, 'intensities.whitener': whitener } = tensors;
  const gaussian = gaussianOf({ ...(mean && { mean }), ...(whitener && { whitener }) });
  const scale: RobustScale = scaleOf(tensors['intensities.scale'], 'intensities.scale');
  return {
    d: gaussian.d,
    ratio: (distance) => Math.exp(distance * scale.deviation),
    distance: (shares) => standardised(logDistance(gaussian, Float64Array.from(shares, Math.sqrt)), scale),
  };
}

/** One row a scan. */
async function* rootsOf(blocks: AsyncIterable<FeatureBlock>): AsyncGenerator<FeatureBlock> {
  for await (const { scan } of blocks) {
    if (scan) yield { rows: Float64Array.from(scan.histogram, Math.sqrt), n: 1, d: scan.histogram.length, scan };
  }
}
