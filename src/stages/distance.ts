import type { Embedding, PatchDistance } from '../chunks.js';
import { type Features, featuresOf, type PatchScorer } from '../detectors/method.js';
import { SegcanaryError } from '../errors.js';
import { type Stage, stage } from './stage.js';

export interface DistanceOptions {
  /** `detector.scorer`. */
  readonly scorer: PatchScorer;
  /** What the scorer's method reads. @default 'pooled' */
  readonly features?: Features;
  /** @default 'distance' */
  readonly name?: string;
}

/**
 * Embeddings to distances by a detector's method: one chunk in, one out.
 *
 * @throws SegcanaryError `detector-invalid` when there are other features than the detector was
 *   fitted on, `inference-failed` when they hold NaN or infinity
 */
export function distance({
  scorer,
  features = 'pooled',
  name: stageName = 'distance',
}: DistanceOptions): Stage<Embedding, PatchDistance> {
  return stage(
    { name: stageName },
    {
      *transform({ grid, tiling, index, tile, ...embedding }) {
        const name = grid.scan.case;
        const z = featuresOf(embedding, features);
        if (z.length !== scorer.d) {
          throw new SegcanaryError(
            'detector-invalid',
            `the encoder gives ${z.length} features a patch, the detector was fitted on ${scorer.d}; use the encoder that was saved with it.`,
            { subject: name },
          );
        }
        const value = scorer.distance(z);
        if (!Number.isFinite(value)) {
          throw new SegcanaryError(
            'inference-failed',
            `the network gives NaN or infinity for patch ${index}; check the intensities of the scan.`,
            { subject: name },
          );
        }
        yield { grid, tiling, index, tile, distance: value };
      },
    },
  );
}
