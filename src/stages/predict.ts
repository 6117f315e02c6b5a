import ndarray from 'ndarray';
import type { Activation, Patch, Prediction } from '../chunks.js';
import { contiguous } from '../maths/volume/contiguous.js';
import type { Segmenter } from '../network/segmenter.js';
import { inFlightBody } from './in-flight.js';
import { type Stage, stage } from './stage.js';

/** Whatever predicts patches: a segmenter (`openSegmenter`) or a sampler (`openSampler`). */
export type PatchPredictor = Pick<Segmenter, 'predict'>;

export interface PredictOptions {
  /** Scans share one. */
  readonly predictor: PatchPredictor;
  /**
   * Patches at the inference worker at a time. With two, the next one is prepared while the network
   * works.
   * @default 2
   */
  readonly inFlight?: number;
  /**
   * That the scan may take, counted from when the stage is made: one whose patches cannot be done
   * in time is refused after the first of them.
   * @default any time
   */
  readonly seconds?: number | undefined;
}

/**
 * Patches to what the whole network makes of them, in the same order: logits, and the activation at
 * the tap where the segmenter has one. A patch's buffer goes to the inference worker and is empty
 * afterwards.
 *
 * @throws SegcanaryError `usage` for fewer than one patch in flight, `scan-unsuitable` when the
 *   network takes other patches, `inference-failed`, `timed-out` where the scan cannot be done in
 *   time
 */
export function predict({ predictor, inFlight = 2, seconds }: PredictOptions): Stage<Patch, Prediction> {
  const predictPatch = async ({ data, grid, tiling, index, tile }: Patch): Promise<Prediction> => {
    const { logits, activation, measured } = await predictor.predict(
      contiguous(data),
      data.shape as [number, number, number, number],
      index,
    );
    return {
      grid,
      tiling,
      index,
      tile,
      logits: ndarray(logits.data, [...logits.shape]),
      activation: activation && ndarray(activation.data, [...activation.shape]),
      ...(measured && { measured }),
    };
  };
  return stage<Patch, Prediction>({ name: 'predict' }, inFlightBody(predictPatch, inFlight, seconds));
}

/**
 * Predictions to their activations, for what comes behind `encode` otherwise: `pool`,
 * `mahalanobis`, … Predictions without one are left out.
 */
export function tapped(): Stage<Prediction, Activation> {
  return stage<Prediction, Activation>(
    { name: 'tapped' },
    {
      *transform({ grid, tiling, index, tile, activation, measured }) {
        if (activation) yield { grid, tiling, index, tile, data: activation, ...(measured && { measured }) };
      },
    },
  );
}
