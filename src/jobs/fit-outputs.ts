import type { OutputMethod } from '../detectors/outputs/output-method.js';
import { DROPOUT_PASSES, outputMethod } from '../detectors/outputs/registry.js';
import { checkDetectorTarget, saveDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { sha256 } from '../files/hash.js';
import type { SegmentationSource } from '../network/folder.js';
import type { WithInference } from '../network/inference/options.js';
import { mirrorAxesOf } from '../network/onnx/metadata.js';
import { openSampler } from '../network/sampler.js';
import type { FoldModel } from '../network/segmenter.js';
import { version } from '../version.js';
import { type IdentifyOptions, identifyInput } from './identities.js';
import type { ScanInput } from './inputs.js';
import { refuseReplacing } from './outputs.js';

export interface OutputDetectorOptions extends WithInference, Pick<IdentifyOptions, 'volume' | 'limits' | 'signal'> {
  readonly model: SegmentationSource;
  /** A name of `OUTPUT_METHODS`. */
  readonly method: string;
  /** Folder of the detector. A detector that is there is replaced; anything else is refused. */
  readonly output: string;
  /**
   * Scans that the network was trained on, so that `calibrate` can refuse them. They are not
   * scored.
   * @default none
   */
  readonly inputs?: readonly ScanInput[];
  /** @default 0.5 */
  readonly stepSize?: number;
  /** What the dropout is drawn by. @default 0 */
  readonly seed?: number;
}

export interface OutputDetectorResult {
  readonly method: OutputMethod;
  /** Passes of the whole network that a scan takes. */
  readonly passes: number;
  readonly networks: readonly string[];
}

/**
 * Makes a detector that judges scans by the outputs of the whole network. Nothing is fitted: the
 * networks are copied, and how they are to be run is written down.
 *
 * @throws SegcanaryError `usage` for a method that needs several folds or mirrorings where there
 *   are none; `no-bottleneck` for dropout in a network without one; `model-unsupported`, `io`
 */
export async function saveOutputDetector(options: OutputDetectorOptions): Promise<OutputDetectorResult> {
  const { model, output, stepSize = 0.5, seed = 0, inputs = [] } = options;
  const method = outputMethod(options.method)!;
  await checkDetectorTarget(output);
  await refuseReplacing(output, { inputs, files: model.files ?? [] });
  const [first] = model.folds as [(typeof model.folds)[0], ...typeof model.folds];
  const folds = method.passes === 'folds' ? model.folds : [first];
  const mirrorAxes = method.passes === 'mirrors' ? mirrorAxesOf(first.onnx, first.path) : [];
  const dropout = method.passes === 'dropout' ? DROPOUT_PASSES : 0;
  const { heads, regionsClassOrder } = model.segmentation;
  // Opened once, so that what cannot run is refused now.
  const sampler = await openSampler(folds.map(namedFold) as [FoldModel, ...FoldModel[]], heads, {
    inference: options.inference,
    mirrorAxes,
    dropout,
    seed,
  });
  const passes = sampler.layout[method.passes];
  if (!passes) throw tooFewPasses(method, first.path);
  const trainingScans: string[] = [];
  const trainingVoxels: string[] = [];
  const trainingOriented: string[] = [];
  for (const input of inputs) {
    const known = await identifyInput(input, { ...options, plan: model.plan });
    if (known === null) continue;
    trainingScans.push(known.bytes);
    trainingVoxels.push(known.voxels);
    trainingOriented.push(known.oriented);
  }
  await saveDetector(output, {
    networks: folds.map(({ onnx }) => onnx),
    description: {
      formatVersion: 1,
      kind: 'outputs',
      createdBy: `segcanary ${version}`,
      plan: model.plan,
      stepSize,
      method: method.name,
      heads,
      regions: regionsClassOrder !== null,
      mirrorAxes,
      dropout,
      seed,
      sourceModels: folds.map(({ path, onnx }) => ({ name: path, sha256: sha256(onnx) })),
      trainingScans,
      trainingVoxels,
      trainingOriented,
      warnings: [],
      calibration: null,
    },
  });
  return { method, passes: sampler.passes, networks: folds.map(({ path }) => path) };
}

const namedFold = ({ path, onnx }: SegmentationSource['folds'][number]): FoldModel => ({ name: path, onnx });

const tooFewPasses = ({ name, passes }: OutputMethod, path: string): SegcanaryError =>
  new SegcanaryError(
    'usage',
    passes === 'folds'
      ? `${name} compares the networks of several folds, and only ${path} is exported; export more, or choose another detector.`
      : `${name} compares mirrored passes, and ${path} was trained without mirroring; choose another detector.`,
  );
