import type { Detector } from '../detectors/saved.js';
import { type Encoder, openEncoder } from '../model/encoder.js';

/** Opens the encoder of a saved detector. Sessions are shared: a second call for the same graph costs nothing. */
export function encoderOf(detector: Detector, threads?: number): Promise<Encoder> {
  return openEncoder(detector.encoder, { threads, name: `${detector.dir}/encoder.onnx` });
}
