import type { Embedding, PatchDistance } from '../chunks.js';
import { type Gaussian, squaredDistance } from '../detectors/gaussian.js';
import { SegcanaryError } from '../errors.js';
import { type Stage, stage } from './stage.js';

export interface MahalanobisOptions {
  /** `detector.gaussian`, or what `fitGaussian` returned. */
  readonly gaussian: Gaussian;
}

/**
 * Embeddings to distances: one chunk in, one out. The distance is the squared one, (z - mean)' inv(covariance) (z - mean).
 *
 * @throws SegcanaryError `detector-invalid` when the embedding has not the Gaussian's size, `inference-failed` when it holds NaN or infinity
 */
export function mahalanobis({ gaussian }: MahalanobisOptions): Stage<Embedding, PatchDistance> {
  return stage(
    { name: 'mahalanobis' },
    {
      *transform({ vector, ...place }) {
        const name = place.grid.scan.case;
        if (vector.length !== gaussian.d) {
          throw new SegcanaryError(
            'detector-invalid',
            `${name}: the encoder gives ${vector.length} features a patch, the detector was fitted on ${gaussian.d}; use the encoder that was saved with it.`,
          );
        }
        const distance = squaredDistance(gaussian, vector);
        if (!Number.isFinite(distance)) {
          throw new SegcanaryError(
            'inference-failed',
            `${name}: the network gives NaN or infinity for patch ${place.index}; check the intensities of the scan.`,
          );
        }
        const { grid, tiling, index, tile } = place;
        yield { grid, tiling, index, tile, distance };
      },
    },
  );
}
