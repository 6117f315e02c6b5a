import type { Embedding, PatchDistance } from '../chunks.js';
import { FEATURE_WORDS, featuresOf, type PatchScorer } from '../detectors/method.js';
import { SegcanaryError } from '../errors.js';
import { type Stage, stage } from './stage.js';

export interface DistanceOptions {
  /** `detector.scorer`, which carries what it reads of an embedding. */
  readonly scorer: PatchScorer;
  /** @default 'distance' */
  readonly name?: string;
}

/**
 * Embeddings to distances by a detector's method: one chunk in, one out.
 *
 * @throws SegcanaryError `detector-invalid` when there are other features than the detector was
 *   fitted on, `inference-failed` when they hold NaN or infinity
 */
export function distance({ scorer, name: stageName = 'distance' }: DistanceOptions): Stage<Embedding, PatchDistance> {
  return stage(
    { name: stageName },
    {
      *transform({ grid, tiling, index, tile, ...embedding }) {
        const name = grid.scan.case;
        const z = featuresOf(embedding, scorer.features);
        if (z.length !== scorer.d) throw otherFeatures(scorer, z.length, name);
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

/** Says what the detector reads, and which encoder gives it. */
function otherFeatures({ features, d }: PatchScorer, found: number, name: string): SegcanaryError {
  const what = FEATURE_WORDS[features];
  return new SegcanaryError(
    'detector-invalid',
    `the encoder gives ${found === 0 ? 'no such' : found} features a patch, the detector was fitted on ${d}: it reads ${what}. Use the encoder that was saved with it, which openDetector and encoderOf open.`,
    { subject: name },
  );
}
