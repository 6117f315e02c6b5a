import type { Embedding, PatchDistance } from '../chunks.js';
import type { Gaussian } from '../detectors/gaussian.js';
import { scorerOf } from '../detectors/methods/gaussian-form.js';
import { distance } from './distance.js';
import type { Stage } from './stage.js';

export interface MahalanobisOptions {
  /** What `fitGaussian` returned. */
  readonly gaussian: Gaussian;
}

/**
 * Embeddings to distances from a Gaussian of one's own: one chunk in, one out. The distance is the
 * squared one, (z - mean)' inv(covariance) (z - mean). A saved detector is used through `distance`.
 *
 * @throws SegcanaryError `detector-invalid` when the embedding has not the Gaussian's size,
 *   `inference-failed` when it holds NaN or infinity
 */
export function mahalanobis({ gaussian }: MahalanobisOptions): Stage<Embedding, PatchDistance> {
  return distance({ scorer: scorerOf(gaussian), name: 'mahalanobis' });
}
