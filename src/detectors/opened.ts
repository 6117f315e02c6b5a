import { type OptionName, SegcanaryError } from '../errors.js';
import type { NetworkWindow } from '../maths/volume/needs.js';
import { rememberingConstants } from '../network/constant-patches.js';
import { type Encoder, encoderWhenOpen, openEncoder } from '../network/encoder.js';
import type { InferenceOptions, WithInference } from '../network/inference/options.js';
import { openSampler, type Sampler } from '../network/sampler.js';
import type { FoldModel } from '../network/segmenter.js';
import type { Detector, FeatureDetector, IntensityDetector, OutputDetector } from './saved.js';

/** A detector with its network in memory, if it has one. Scans share it. */
export type OpenDetector = OpenFeatureDetector | OpenOutputDetector | IntensityDetector;

/** A detector on features with its encoder. */
export type OpenFeatureDetector = FeatureDetector & { readonly encoder: Encoder };

/** A detector on outputs with its networks. */
export type OpenOutputDetector = OutputDetector & { readonly sampler: Sampler };

export interface OpenDetectorOptions extends WithInference {
  /**
   * Encode patches of a single value, such as air, once. Of detectors on features; the scores are
   * the same.
   * @default false
   */
  readonly rememberConstants?: boolean | undefined;
  /**
   * Come back before the encoder of a detector on features is open, so that a scan can be read
   * meanwhile (`Encoder.ready`).
   * @default false
   */
  readonly ahead?: boolean | undefined;
}

/** A detector beside a segmenter that taps its features: there its own encoder is not needed. */
export type SegmentingDetector = FeatureDetector | OpenOutputDetector | IntensityDetector;

/**
 * Opens the network of a saved detector. Sessions are shared: a second call for the same graph
 * costs nothing.
 *
 * @throws SegcanaryError as `openEncoder` and `openSampler`; `usage` for constants to be remembered
 *   by a detector that is not on features
 */
export async function openDetector(
  detector: Detector,
  { inference, rememberConstants = false, ahead = false }: OpenDetectorOptions = {},
): Promise<OpenDetector> {
  if (rememberConstants) refuseUnlessOnFeatures(detector, 'rememberConstants');
  if (detector.kind === 'intensities') return detector;
  if (detector.kind === 'features') {
    const opening = encoderOf(detector, inference);
    const encoder = ahead ? encoderWhenOpen(opening) : await opening;
    return { ...detector, encoder: rememberConstants ? rememberingConstants(encoder) : encoder };
  }
  const { heads, mirrorAxes, dropout, seed } = detector.description;
  const folds = detector.networks.map((onnx, i): FoldModel => ({ name: `${detector.dir}/network_${i}.onnx`, onnx }));
  const sampler = await openSampler(folds as [FoldModel, ...FoldModel[]], heads, {
    inference,
    mirrorAxes,
    dropout,
    seed,
  });
  return { ...detector, sampler };
}

/**
 * As `openDetector`, for segmenting: a detector on features is open as it is, since the segmenter
 * taps its features.
 */
export async function openBesideSegmenter(
  detector: Detector,
  options: OpenDetectorOptions = {},
): Promise<SegmentingDetector> {
  return detector.kind === 'features' ? detector : openDetector(detector, options);
}

/** Opens the encoder of a detector on features, to build a pipeline of one's own. */
export function encoderOf(detector: FeatureDetector, inference?: InferenceOptions): Promise<Encoder> {
  const { dir, encoderOnnx, description } = detector;
  return openEncoder(encoderOnnx, { inference, sha256: description.encoderSha256, name: `${dir}/encoder.onnx` });
}

/** How the network of a detector is slid over a scan; absent where it judges without one. */
export function windowOf(detector: OpenDetector): Omit<NetworkWindow, 'patchSize'> | undefined {
  if (detector.kind === 'intensities') return undefined;
  const { stepSize } = detector.description;
  if (detector.kind === 'features') return { stepSize, tiles: detector.description.tiles };
  return { stepSize, logits: detector.sampler.passes * detector.sampler.heads };
}

/**
 * Refuses an option that judges patch by patch for a detector that does not.
 *
 * @throws SegcanaryError `usage` for a detector that judges a scan as a whole
 */
export function refuseUnlessOnFeatures<D extends Pick<Detector, 'kind' | 'dir' | 'method'>>(
  detector: D,
  option: OptionName,
): asserts detector is Extract<D, { kind: 'features' }> {
  const { kind, dir, method } = detector;
  if (kind === 'features') return;
  throw new SegcanaryError(
    'usage',
    `${method.name} judges a scan as a whole, so \`${option}\` is not for it; leave it out, or use a detector on features.`,
    { option, subject: dir },
  );
}
