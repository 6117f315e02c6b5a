import ndarray from 'ndarray';
import type { Activation, Patch } from '../chunks.js';
import { contiguous } from '../maths/volume/contiguous.js';
import type { Encoder } from '../network/encoder.js';
import { inFlightBody } from './in-flight.js';
import { type Stage, stage } from './stage.js';

export interface EncodeOptions {
  /** From `openEncoder`; scans share one. */
  readonly encoder: Encoder;
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
 * Patches to the activations at the tap, in the same order. A patch's buffer goes to the inference
 * worker and is empty afterwards.
 *
 * A run cannot be aborted half-way: an abort lets go of what is at the worker and does not wait for
 * it.
 *
 * @throws SegcanaryError `usage` for fewer than one patch in flight, `scan-unsuitable` when the
 *   network takes other patches, `inference-failed`, `timed-out` where the scan cannot be done in
 *   time
 */
export function encode({ encoder, inFlight = 2, seconds }: EncodeOptions): Stage<Patch, Activation> {
  const encodePatch = async ({ data, grid, tiling, index, tile }: Patch): Promise<Activation> => {
    const activation = await encoder.encode(contiguous(data), data.shape);
    const chunk = { grid, tiling, index, tile, data: ndarray(activation.data, [...activation.shape]) };
    return activation.measured ? { ...chunk, measured: activation.measured } : chunk;
  };
  return stage<Patch, Activation>(
    { name: 'encode' },
    inFlightBody(encodePatch, inFlight, encoder.isUneven ? undefined : seconds),
  );
}
