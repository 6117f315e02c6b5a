import { fitChannelGroups, groupSizes } from '../detectors/channel-groups.js';
import { type CachedEmbeddings, EmbeddingCache, embeddingKey } from '../detectors/embedding-cache.js';
import type { Estimator } from '../detectors/estimators.js';
import { type FeatureBlock, type FittedMethod, keptFeatures, type PatchMethod } from '../detectors/method.js';
import { METHOD_NAMES, patchMethod } from '../detectors/methods/registry.js';
import { checkDetectorTarget, saveDetector } from '../detectors/saved.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { trainingIntensities } from '../explain/training-intensities.js';
import { sha256 } from '../files/hash.js';
import { openEncoder } from '../network/encoder.js';
import { type EncoderStage, encoderStages } from '../network/encoder-stages.js';
import type { ModelSource } from '../network/folder.js';
import { openBlas } from '../network/inference/blas.js';
import type { WithInference } from '../network/inference/options.js';
import { cutAtTap } from '../network/onnx/cut.js';
import { chooseTap, type Tap } from '../network/taps.js';
import { failureOf, type ScanFailure, type Warning } from '../results.js';
import type { ScanOptions } from '../scans/run.js';
import { version } from '../version.js';
import { hashInput, orientationOf, type ScanInput } from './inputs.js';
import { edgesOf, type IntensityShares, readTrainingScan } from './training-scan.js';

export interface FitJobOptions extends Omit<ScanOptions, 'case' | 'file'>, WithInference {
  readonly model: ModelSource;
  readonly inputs: readonly ScanInput[];
  /** Folder of the detector. A detector that is there is replaced; anything else is refused. */
  readonly output: string;
  /** Folder of the embedding cache. */
  readonly cache: string;
  /** Name of the tensor to tap. @default the bottleneck */
  readonly tap?: string;
  /** How patches are judged: a name of the registry. @default 'mahalanobis' */
  readonly method?: string;
  /** Of the method's covariance, where it has one. @default 'ledoit-wolf' */
  readonly estimator?: Estimator;
  /** @default 0.5 */
  readonly stepSize?: number;
  /** Told when every scan is embedded and the covariance begins. */
  readonly onFit?: () => void;
  readonly onFailure?: (failure: ScanFailure) => void;
  /** Told when a scan's embeddings are there: whether the cache had them. */
  readonly onScan?: (scan: { readonly case: string; readonly patches: number; readonly cached: boolean }) => void;
}

export interface FitResult {
  readonly tap: Tap;
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
 *   when the folder is taken
 */
export async function fitDetector(options: FitJobOptions): Promise<FitResult> {
  const { model, estimator = 'ledoit-wolf', stepSize = 0.5 } = options;
  const method = methodOf(options);
  refuseUnfit(options);
  await checkDetectorTarget(options.output);
  const tap = await chooseTap(model.onnx, {
    patchShape: [model.plan.channels.length, ...model.plan.patchSize],
    tap: options.tap,
    name: model.path,
  });
  const stages = method.features === 'stage-means' ? await stagesOf(model) : null;
  const encoderOnnx = cutAtTap(model.onnx, tap.name, model.path, { stages: stages?.map(({ name }) => name) });
  const encoder = await openEncoder(encoderOnnx, { inference: options.inference, name: model.path });
  const cache = await EmbeddingCache.open(options.cache);
  const shared = {
    plan: model.plan,
    stepSize,
    encoderSha256: sha256(encoderOnnx),
    tap: tap.name,
    more: { volume: options.volume, spool: options.spool ?? true },
  };

  const keys: string[] = [];
  const trainingScans: string[] = [];
  const intensities: IntensityShares[] = [];
  const orientations = new Set<string>();
  const failures: ScanFailure[] = [];
  for (const input of options.inputs) {
    try {
      const scanSha256 = await hashInput(input, options.signal);
      if (scanSha256 === null) {
        throw new SegcanaryError('usage', 'is a pipe, and a training scan is read twice; give a file.', {
          subject: input.file,
        });
      }
      const key = embeddingKey({ ...shared, scanSha256 });
      const read = await readTrainingScan(input, cache, key, { ...options, plan: model.plan, encoder, stepSize });
      options.onScan?.({ case: input.case, patches: read.embeddings.n, cached: read.cached });
      keys.push(key);
      intensities.push(read.intensities);
      trainingScans.push(scanSha256);
      const orientation = await orientationOf(input);
      if (orientation) orientations.add(orientation);
    } catch (error) {
      if (isAbort(error)) throw error;
      const failure = failureOf(input.case, error);
      failures.push(failure);
      options.onFailure?.(failure);
    }
  }
  if (keys.length === 0)
    throw new SegcanaryError(
      'fit-failed',
      `None of the ${options.inputs.length} scans could be read, so nothing was fitted.`,
    );

  options.onFit?.();
  const parts = stages?.map(({ channels }) => channels);
  const blas = await openBlas(options.inference);
  const fit = await method.fit(() => blocksOf(cache, keys, method, parts, options.signal), { estimator, blas });
  const channelGroups = groupSizes(tap.shape[0]);
  const groups = stages
    ? null
    : await fitChannelGroups(await channelMeansOf(entriesOf(cache, keys, options.signal)), channelGroups, { blas });
  stopIfAborted(options.signal);
  const warnings = [...fit.warnings, ...warningsOfTap(tap)];
  await saveDetector(options.output, {
    encoder: encoderOnnx,
    tensors: { ...fit.tensors, ...groups },
    description: {
      formatVersion: 1,
      kind: 'features',
      createdBy: `segcanary ${version}`,
      plan: model.plan,
      stepSize,
      tap: { name: tap.name, shape: [...tap.shape], suggested: tap.suggested },
      stages,
      ...(groups && { channelGroups }),
      pooling: { kind: 'average', maxElements: 10000, shape: [...tap.pooledShape] },
      method: method.name,
      estimator: fit.gaussian?.estimator ?? null,
      shrinkage: fit.gaussian?.shrinkage ?? null,
      n: fit.n,
      d: fit.d,
      rank: fit.gaussian?.rank ?? null,
      conditionNumber: fit.gaussian?.conditionNumber ?? null,
      cases: keys.length,
      trainingScans,
      orientations: [...orientations].sort(),
      warnings,
      sourceModel: { name: model.path, sha256: sha256(model.onnx) },
      calibration: null,
      trainingIntensities: trainingIntensities(edgesOf(model.plan), intensities),
    },
  });
  return { tap, method, fit, warnings, cases: keys.length, failures };
}

async function stagesOf({ onnx, plan, path }: ModelSource): Promise<EncoderStage[]> {
  const stages = await encoderStages(onnx, [plan.channels.length, ...plan.patchSize], path);
  if (stages.length > 0) return stages;
  throw new SegcanaryError(
    'no-bottleneck',
    'nothing in it up-samples, so its encoder has no stages; fit another detector.',
    { subject: path },
  );
}

function methodOf({ method: name = 'mahalanobis' }: FitJobOptions): PatchMethod {
  const method = patchMethod(name);
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

function stopIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted)
    throw new SegcanaryError('aborted', 'The fit was stopped; run it again to resume from its cache.');
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

async function* blocksOf(
  cache: EmbeddingCache,
  keys: readonly string[],
  { features }: PatchMethod,
  parts: readonly number[] | undefined,
  signal?: AbortSignal,
): AsyncGenerator<FeatureBlock> {
  for await (const entry of entriesOf(cache, keys, signal)) {
    const [rows, d] = keptFeatures(entry, features);
    yield { rows, n: entry.n, d, parts };
  }
}

/** The channel means of every training patch, which are few and read many times. */
async function channelMeansOf(entries: AsyncIterable<CachedEmbeddings>) {
  const kept: Pick<CachedEmbeddings, 'means' | 'n' | 'c'>[] = [];
  for await (const { means, n, c } of entries) kept.push({ means: means.slice(), n, c });
  return async function* () {
    yield* kept;
  };
}

/** What the cache has of every training scan. */
async function* entriesOf(
  cache: EmbeddingCache,
  keys: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<CachedEmbeddings> {
  for (const key of keys) {
    stopIfAborted(signal);
    const entry = await cache.read(key);
    if (!entry)
      throw new SegcanaryError(
        'io',
        'an entry of the embedding cache was damaged while it was in use; run the fit again.',
        { subject: cache.dir },
      );
    yield entry;
  }
}
