import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type CachedEmbeddings, embeddingKey } from '../detectors/embedding-cache.js';
import type { Estimator } from '../detectors/estimators.js';
import { type FeatureBlock, type Features, keptFeatures, type PatchScorer } from '../detectors/method.js';
import { ihf } from '../detectors/methods/ihf.js';
import { PATCH_METHODS } from '../detectors/methods/registry.js';
import type { VoxelSet } from '../detectors/outputs/output-method.js';
import { OUTPUT_METHODS } from '../detectors/outputs/registry.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { AGGREGATORS } from '../evaluate/aggregators.js';
import type { CohortCase } from '../evaluate/cohort.js';
import { ExaminedCache } from '../evaluate/examined-cache.js';
import type { ScoredCase } from '../evaluate/judge.js';
import { type Examined, examineScan, histogramOf } from '../examine.js';
import { openBlas } from '../model/blas.js';
import { cutAtTap } from '../model/cut.js';
import { openEncoder } from '../model/encoder.js';
import type { SegmentationSource } from '../model/folder.js';
import { mirrorAxesOf } from '../model/metadata.js';
import { openSampler, type Passes, type Sampler } from '../model/sampler.js';
import type { FoldModel } from '../model/segmenter.js';
import { type EncoderStage, encoderStages } from '../model/stages.js';
import { chooseTap, type Tap } from '../model/taps.js';
import { openScan } from '../nifti/open.js';
import type { ScanOptions } from '../run-scan.js';
import { embedInput } from './embed.js';
import { failureOf, type ScanFailure } from './failure.js';
import { hashInput, openInput, type ScanInput } from './inputs.js';

export interface ScoreCohortOptions extends Omit<ScanOptions, 'case' | 'file'> {
  readonly model: SegmentationSource;
  readonly cohort: readonly CohortCase[];
  /** Folder of the cache. */
  readonly cache: string;
  /** @default the bottleneck */
  readonly tap?: string | undefined;
  /** @default 'ledoit-wolf' */
  readonly estimator?: Estimator;
  /** @default 0.5 */
  readonly stepSize?: number;
  readonly threads?: number;
  /** Sets of passes beside the plain one: mirrored ones cost up to 7 passes more, dropout 10. @default none */
  readonly passes?: readonly Exclude<Passes, 'plain' | 'folds'>[];
  /** Of the dropout. @default 0 */
  readonly seed?: number;
  /** Aggregators of patch distances, by name. @default ['mean'] */
  readonly aggregators?: readonly string[];
  readonly onScan?: (scan: { readonly case: string; readonly cached: boolean }) => void;
  readonly onFailure?: (failure: ScanFailure) => void;
}

/** Scores of a detector on the validation and test scans of a cohort. */
export interface MethodScores {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly source: string;
  /** Passes of the whole network that it needs; of methods on features, the encoder of one. */
  readonly passes: number;
  readonly cases: readonly ScoredCase[];
}

export interface CohortScores {
  readonly tap: Tap;
  readonly methods: readonly MethodScores[];
  /** Dice of every label of every scan with a truth. */
  readonly dice: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Seconds that each validation and test scan took, all passes together, when it was examined. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly failures: readonly ScanFailure[];
}

/** Passes with dropout: the paper's. */
const DROPOUT_PASSES = 10;

/**
 * Runs every detector on a cohort: fits to its training scans, scores its validation and test scans. Each scan is read once, whatever the number of detectors,
 * and what was seen of it is kept in the cache. A scan that fails is reported and left out.
 *
 * @throws SegcanaryError from the model and the tap; `fit-failed` when no training scan could be read; `aborted`
 */
export async function scoreCohort(options: ScoreCohortOptions): Promise<CohortScores> {
  const { model, cohort, stepSize = 0.5, estimator = 'ledoit-wolf', threads } = options;
  const [first, ...others] = model.folds as [(typeof model.folds)[0], ...typeof model.folds];
  const tap = await chooseTap(first.onnx, {
    patchShape: [model.plan.channels.length, ...model.plan.patchSize],
    tap: options.tap,
    name: first.path,
  });
  const stages = await encoderStages(first.onnx, [model.plan.channels.length, ...model.plan.patchSize], first.path);
  const folds = [{ ...first, tap: tap.name, stages: stages.map(({ name }) => name) }, ...others].map(
    ({ path, ...fold }): FoldModel => ({ name: path, ...fold }),
  ) as [FoldModel, ...FoldModel[]];
  const sampler = await openSampler(folds, model.segmentation.heads, {
    threads,
    mirrorAxes: options.passes?.includes('mirrors') ? mirrorAxesOf(first.onnx, first.path) : [],
    dropout: options.passes?.includes('dropout') ? DROPOUT_PASSES : 0,
    seed: options.seed ?? 0,
  });
  const cache = await ExaminedCache.open(options.cache);
  const failures: ScanFailure[] = [];
  const each = async <T>(
    cases: readonly CohortCase[],
    work: (c: CohortCase) => Promise<{ value: T; cached: boolean }>,
  ) => {
    const done: [CohortCase, T][] = [];
    for (const c of cases) {
      try {
        const { value, cached } = await work(c);
        options.onScan?.({ case: c.case, cached });
        done.push([c, value]);
      } catch (error) {
        if (isAbort(error)) throw error;
        const failure = failureOf(c.case, error);
        failures.push(failure);
        options.onFailure?.(failure);
      }
    }
    return done;
  };

  const training = await each(
    cohort.filter((c) => c.split === 'train'),
    await trainingReader(options, tap, stages, cache, stepSize),
  );
  if (training.length === 0)
    throw new SegcanaryError('fit-failed', 'None of the training scans could be read, so nothing was fitted.');
  const examined = await each(
    cohort.filter((c) => c.split !== 'train'),
    (c) => examine(c, options, sampler, tap, cache, stepSize),
  );

  const scored = ([c, found]: (typeof examined)[0], score: number): ScoredCase => ({
    case: c.case,
    split: c.split,
    group: c.group,
    shift: c.shift,
    dataset: c.dataset,
    score,
    dice: found.dice && mean(Object.values(found.dice)),
    voxels: found.voxels,
  });
  const methods: MethodScores[] = [];
  const blas = await openBlas({ threads });
  const aggregators = AGGREGATORS.filter(({ name }) => (options.aggregators ?? ['mean']).includes(name));
  for (const method of PATCH_METHODS) {
    stopIfAborted(options.signal);
    const blocks = async function* (): AsyncGenerator<FeatureBlock> {
      for (const [, kept] of training) {
        const [rows, d] = keptFeatures(kept, method.features);
        yield { rows, n: kept.n, d, parts: stages.map(({ channels }) => channels) };
      }
    };
    const fitted = await method.fit(blocks, { estimator, blas }).catch((error: unknown) => {
      if (isAbort(error)) throw error;
      const failure = failureOf(method.name, error);
      failures.push(failure);
      options.onFailure?.(failure);
      return null;
    });
    if (fitted === null) continue;
    const scorer = method.open(fitted.tensors);
    const distances = examined.map(([, found]) => distancesOf(found, method.features, scorer));
    for (const aggregator of aggregators) {
      const suffix = aggregator.name === 'mean' ? '' : `, ${aggregator.title}`;
      methods.push({
        ...method,
        name: aggregator.name === 'mean' ? method.name : `${method.name}@${aggregator.name}`,
        title: `${method.title}${suffix}`,
        passes: 1,
        cases: examined.map((e, i) => scored(e, aggregator.of(distances[i]!, e[1].weights))),
      });
    }
  }
  try {
    const scorer = await ihf.fit(
      await trainingHistograms(
        options,
        training.map(([c]) => c),
      ),
      { estimator, blas },
    );
    const distance = ([, { histogram }]: (typeof examined)[0]) => scorer.distance(Float32Array.from(histogram));
    methods.push({ ...ihf, passes: 0, cases: examined.map((e) => scored(e, distance(e))) });
  } catch (error) {
    if (isAbort(error)) throw error;
    const failure = failureOf(ihf.name, error);
    failures.push(failure);
    options.onFailure?.(failure);
  }
  for (const method of OUTPUT_METHODS) {
    const passes = sampler.layout[method.passes];
    if (!passes) continue;
    for (const { name: set, title } of aggregators) {
      if (!examined.every((e) => set in e[1].outputs[method.name]!)) continue;
      const cases = examined.map((e) => scored(e, e[1].outputs[method.name]![set as VoxelSet]!));
      methods.push({
        ...method,
        name: set === 'mean' ? method.name : `${method.name}@${set}`,
        title: set === 'mean' ? method.title : `${method.title}, ${title}`,
        passes: passes.length,
        cases,
      });
    }
  }
  return {
    tap,
    methods: methods.map(({ name, title, formula, source, passes, cases }) => ({
      name,
      title,
      formula,
      source,
      passes,
      cases,
    })),
    dice: Object.fromEntries(examined.flatMap(([c, { dice }]) => (dice ? [[c.case, dice]] : []))),
    seconds: Object.fromEntries(examined.map(([c, { seconds }]) => [c.case, seconds])),
    failures,
  };
}

/** Reads the features of training scans by the encoder alone, or from the cache, which `fit` could share. */
async function trainingReader(
  options: ScoreCohortOptions,
  tap: Tap,
  stages: readonly EncoderStage[],
  cache: ExaminedCache,
  stepSize: number,
) {
  const { model, threads } = options;
  const [{ onnx, path }] = model.folds as [(typeof model.folds)[0]];
  const encoderOnnx = cutAtTap(
    onnx,
    tap.name,
    path,
    stages.map(({ name }) => name),
  );
  const encoder = await openEncoder(encoderOnnx, { threads, name: path });
  return async (c: CohortCase): Promise<{ value: CachedEmbeddings; cached: boolean }> => {
    const input = inputOf(c);
    const key = embeddingKey({
      plan: model.plan,
      stepSize,
      encoderSha256: sha256(encoderOnnx),
      tap: tap.name,
      more: { volume: options.volume, spool: options.spool ?? true },
      scanSha256: (await hashInput(input, options.signal)) ?? refusePipe(input),
    });
    const known = await cache.embeddings.read(key);
    if (known) return { value: known, cached: true };
    const value = await embedInput(input, { ...options, plan: model.plan, encoder, stepSize });
    await cache.embeddings.write(key, value);
    return { value, cached: false };
  };
}

/** Prepared once more, without the network: a second or so a scan. */
async function trainingHistograms(options: ScoreCohortOptions, cases: readonly CohortCase[]): Promise<number[][]> {
  const { plan } = options.model;
  const histograms: number[][] = [];
  for (const c of cases) {
    const input = inputOf(c);
    histograms.push(
      await histogramOf(await openInput(input, plan), { ...options, plan, case: c.case, file: input.file }),
    );
  }
  return histograms;
}

async function examine(
  c: CohortCase,
  options: ScoreCohortOptions,
  sampler: Sampler,
  tap: Tap,
  cache: ExaminedCache,
  stepSize: number,
): Promise<{ value: Examined; cached: boolean }> {
  const { model } = options;
  const input = inputOf(c);
  const truth = c.label === null ? null : { case: c.case, file: c.label };
  const key = embeddingKey({
    plan: model.plan,
    stepSize,
    encoderSha256: model.folds.map(({ onnx }) => sha256(onnx)).join(),
    tap: tap.name,
    scanSha256: (await hashInput(input, options.signal)) ?? refusePipe(input),
    more: {
      // Counted up when more is kept of a scan.
      kept: 2,
      examined: OUTPUT_METHODS.filter(({ passes }) => sampler.layout[passes]).map(({ name }) => name),
      layout: sampler.layout,
      seed: options.seed ?? 0,
      truth: truth && (await hashInput(truth, options.signal)),
      labels: model.segmentation,
      volume: options.volume,
      spool: options.spool ?? true,
    },
  });
  const known = await cache.read(key);
  if (known) return { value: known, cached: true };
  const value = await examineScan(await openInput(input, model.plan), {
    ...options,
    case: c.case,
    file: input.file,
    plan: model.plan,
    segmentation: model.segmentation,
    sampler,
    stepSize,
    outputs: OUTPUT_METHODS,
    truth: truth ? { file: truth.file, bytes: await openScan(truth.file) } : undefined,
  });
  await cache.write(key, value);
  return { value, cached: false };
}

function inputOf({ case: name, images }: CohortCase): ScanInput {
  const [file, ...moreChannels] = images as [string, ...string[]];
  return { case: name, file, ...(moreChannels.length > 0 && { moreChannels }) };
}

function refusePipe({ file }: ScanInput): never {
  throw new SegcanaryError(
    'usage',
    `${basename(file)}: is a pipe, and an evaluation is resumed from files; give a file.`,
  );
}

function distancesOf(found: Examined, features: Features, scorer: PatchScorer): Float64Array {
  const [values, width] = keptFeatures(found, features);
  return Float64Array.from({ length: found.patches }, (_, p) =>
    scorer.distance(values.subarray(p * width, (p + 1) * width)),
  );
}

function stopIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted)
    throw new SegcanaryError('aborted', 'The evaluation was stopped; run it again to resume from its cache.');
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
