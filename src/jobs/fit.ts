import { fitChannelGroups, groupSizes } from '../detectors/channel-groups.js';
import { channelsTurned, EmbeddingCache, embeddingKey } from '../detectors/embedding-cache.js';
import type { Estimator } from '../detectors/estimators.js';
import {
  type FittedMethod,
  isMeasured,
  type MeasuredFeatures,
  measuredGroup,
  measuredTensors,
  type PatchMethod,
  partsOf,
} from '../detectors/method.js';
import { DEFAULT_METHOD, METHOD_NAMES, patchMethod } from '../detectors/methods/registry.js';
import { checkDetectorTarget, saveDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { trainingIntensities } from '../explain/training-intensities.js';
import { sha256 } from '../files/hash.js';
import { openEncoder } from '../network/encoder.js';
import { encoderStages, type FeatureMap } from '../network/encoder-stages.js';
import type { ModelSource } from '../network/folder.js';
import { openBlas } from '../network/inference/blas.js';
import type { WithInference } from '../network/inference/options.js';
import { cutAtTap } from '../network/onnx/cut.js';
import type { MeasuredTensor } from '../network/onnx/patch-features.js';
import { chooseTap, type Tap } from '../network/taps.js';
import type { ScanFailure, Warning } from '../results.js';
import type { ScanOptions } from '../scans/run.js';
import { version } from '../version.js';
import type { ScanInput } from './inputs.js';
import { refuseReplacing } from './outputs.js';
import { foldsOf, patientsOf } from './patients.js';
import { blocksOf, channelMeansOf, stopIfAborted } from './training-features.js';
import { edgesOf, readTrainingScan } from './training-scan.js';
import { readTrainingScans } from './training-scans.js';

export interface FitJobOptions extends Omit<ScanOptions, 'case' | 'file'>, WithInference {
  readonly model: ModelSource;
  readonly inputs: readonly ScanInput[];
  /** Folder of the detector. A detector that is there is replaced; anything else is refused. */
  readonly output: string;
  /** Folder of the embedding cache. */
  readonly cache: string;
  /** Patient of each case, as `readPatients` gives it. @default what the names say */
  readonly patients?: ReadonlyMap<string, string> | undefined;
  /**
   * Name of the tensor to tap, for methods that judge what is there; the others measure every stage
   * of the encoder.
   * @default the bottleneck
   */
  readonly tap?: string;
  /** How patches are judged: a name of the registry. @default 'multi-depth' */
  readonly method?: string;
  /** How the method's covariance is estimated, where it has one. @default 'ledoit-wolf' */
  readonly estimator?: Estimator;
  /**
   * Distance between patches as a fraction of the patch; every patch is then taken.
   * @default 0.5, and for `multi-depth` as few of those patches as leave no voxel out
   */
  readonly stepSize?: number;
  /** Told when every scan is embedded and the covariance begins. */
  readonly onFit?: () => void;
  readonly onFailure?: (failure: ScanFailure) => void;
  /** Told when a scan's embeddings are there: whether the cache had them. */
  readonly onScan?: (scan: { readonly case: string; readonly patches: number; readonly cached: boolean }) => void;
}

export interface FitResult {
  readonly tap: Tap;
  /** The tensors that the method measures; null where it judges the tap. */
  readonly measured: readonly MeasuredTensor[] | null;
  readonly method: PatchMethod;
  readonly fit: FittedMethod;
  /** What the detector cannot promise: of the fit and of the tap. */
  readonly warnings: readonly Warning[];
  readonly cases: number;
  readonly failures: readonly ScanFailure[];
}

/**
 * Fits a detector to in-distribution scans: cuts the model at the tap, embeds every scan (or takes
 * it from the cache), fits the method and writes the detector's folder.
 *
 * @throws SegcanaryError from the model and the tap, `fit-failed` when no scan could be read, `io`
 *   when the folder is taken, `usage` when a scan, the model or the cache lies in it
 */
export async function fitDetector(options: FitJobOptions): Promise<FitResult> {
  const { model, estimator = 'ledoit-wolf', stepSize = 0.5 } = options;
  const method = methodOf(options);
  const tiles = options.stepSize === undefined ? (method.tiles ?? 'all') : 'all';
  refuseUnfit(options);
  await checkDetectorTarget(options.output);
  await refuseReplacing(options.output, { inputs: options.inputs, files: model.files }, options.cache);
  const tap = await chooseTap(model.onnx, {
    patchShape: [model.plan.channels.length, ...model.plan.patchSize],
    tap: options.tap,
    name: model.path,
  });
  const { features } = method;
  const measured = isMeasured(features) ? measuredGroup(features, await tensorsOf(model, features)) : null;
  const encoderOnnx = cutAtTap(model.onnx, tap.name, model.path, { groups: measured ? [measured] : [] });
  const encoder = await openEncoder(encoderOnnx, { inference: options.inference, name: model.path });
  const cache = await EmbeddingCache.open(options.cache);
  const shared = {
    plan: model.plan,
    stepSize,
    encoderSha256: sha256(encoderOnnx),
    tap: tap.name,
    more: {
      volume: options.volume,
      spool: options.spool ?? true,
      ...channelsTurned(model.plan),
      ...(tiles === 'cover' && { tiles }),
    },
  };

  const scans = await readTrainingScans({ ...options, plan: model.plan }, async (input, scanSha256) => {
    const key = embeddingKey({ ...shared, scanSha256 });
    const read = await readTrainingScan(input, cache, key, { ...options, plan: model.plan, encoder, stepSize, tiles });
    options.onScan?.({ case: input.case, patches: read.embeddings.n, cached: read.cached });
    return { case: input.case, key, intensities: read.intensities };
  });
  const { hashes: trainingScans, voxels: trainingVoxels, oriented: trainingOriented, orientations, failures } = scans;
  const kept = {
    cache,
    keys: scans.read.map(({ key }) => key),
    folds: foldsOf(
      patientsOf(
        scans.read.map((scan) => scan.case),
        options.patients,
      ),
    ),
    signal: options.signal,
  };

  options.onFit?.();
  const blas = await openBlas(options.inference);
  const blocks = await blocksOf(kept, features, measured ? partsOf(measured.features, measured.tensors) : undefined);
  const fit = await method.fit(blocks, { estimator, blas });
  const channelGroups = groupSizes(tap.shape[0]);
  const groups = measured ? null : await fitChannelGroups(await channelMeansOf(kept), channelGroups, { blas });
  stopIfAborted(options.signal);
  const warnings = [...fit.warnings, ...(measured ? [] : warningsOfTap(tap)), ...scans.warnings];
  await saveDetector(options.output, {
    encoder: encoderOnnx,
    tensors: { ...fit.tensors, ...groups },
    description: {
      formatVersion: 1,
      kind: 'features',
      createdBy: `segcanary ${version}`,
      plan: model.plan,
      stepSize,
      tiles,
      tap: { name: tap.name, shape: [...tap.shape], suggested: tap.suggested },
      stages: measured ? measured.tensors.map((tensor) => ({ ...tensor, shape: [...(tensor.shape ?? [])] })) : null,
      ...(groups && { channelGroups }),
      pooling: { kind: 'average', maxElements: 10000, shape: [...tap.pooledShape] },
      method: method.name,
      estimator: fit.gaussian?.estimator ?? null,
      shrinkage: fit.gaussian?.shrinkage ?? null,
      n: fit.n,
      d: fit.d,
      rank: fit.gaussian?.rank ?? null,
      conditionNumber: fit.gaussian?.conditionNumber ?? null,
      cases: scans.read.length,
      trainingScans,
      trainingVoxels,
      trainingOriented,
      orientations,
      warnings,
      sourceModel: { name: model.path, sha256: sha256(model.onnx) },
      calibration: null,
      trainingIntensities: trainingIntensities(
        edgesOf(model.plan),
        scans.read.map(({ intensities }) => intensities),
      ),
    },
  });
  return { tap, measured: measured?.tensors ?? null, method, fit, warnings, cases: scans.read.length, failures };
}

async function tensorsOf({ onnx, plan, path }: ModelSource, features: MeasuredFeatures): Promise<FeatureMap[]> {
  const stages = await encoderStages(onnx, [plan.channels.length, ...plan.patchSize], path);
  if (stages.length > 0) return measuredTensors(features, stages);
  throw new SegcanaryError(
    'no-bottleneck',
    'nothing in it up-samples, so its encoder has no stages; fit a detector on a tap, such as `method` mahalanobis with `tap` (segcanary taps lists them).',
    { option: 'method', subject: path },
  );
}

function methodOf({ method: name = DEFAULT_METHOD, tap }: FitJobOptions): PatchMethod {
  const method = patchMethod(name);
  // `multi-layer` has always let a tap pass that says nothing to it.
  if (method && tap !== undefined && isMeasured(method.features) && method.features !== 'stage-means')
    throw new SegcanaryError(
      'usage',
      `${name} measures every stage of the encoder, so \`tap\` is not for it; leave it out, or name a detector on a tap, such as mahalanobis, the paper's.`,
      { option: 'tap' },
    );
  if (method) return method;
  throw new SegcanaryError('usage', `There is no detector "${name}"; choose one of ${METHOD_NAMES.join(', ')}.`);
}

/** What would fail for every scan is refused before the first one. */
function refuseUnfit({ inputs }: FitJobOptions): void {
  if (inputs.some((input) => input.file === '-')) {
    throw new SegcanaryError(
      'usage',
      'Training scans are read from files, because a fit that is interrupted resumes; give paths instead of -.',
    );
  }
}

/**
 * Fewer voxels than this behind an instance norm keep too little of the scan: measured in
 * docs/models.md.
 */
const FEW_VOXELS = 16;

function warningsOfTap(tap: Tap): Warning[] {
  const voxels = tap.shape.slice(1).reduce((product, n) => product * n, 1);
  if (voxels >= FEW_VOXELS) return [];
  const message = `The tap has only ${tap.shape.slice(1).join('x')} voxels a patch: an instance norm there takes most of what a shift changes; tap a higher stage (segcanary taps).`;
  return [{ code: 'small-tap', message }];
}
