import type { Writable } from 'node:stream';
import type { Embedding, PatchDistance, PatchPlace, Prediction, Slice } from './chunks.js';
import { refuseEarly } from './detectors/early.js';
import type { OpenDetector, SegmentingDetector } from './detectors/opened.js';
import type { Detector, FeatureDetector } from './detectors/saved.js';
import type { VerdictOptions } from './detectors/verdict.js';
import { SegcanaryError } from './errors.js';
import { Explainer } from './explain/explainer.js';
import { patchCount } from './maths/window/tiling.js';
import type { Encoder } from './network/encoder.js';
import type { Plan } from './plan.js';
import type { EarlyVerdict, SubjectScore, Warning } from './results.js';
import { type ChannelBytes, runScan, type ScanBytes, type ScanOptions } from './scans/run.js';
import { aggregate } from './stages/aggregate.js';
import { assemble } from './stages/assemble.js';
import { check } from './stages/check.js';
import { Decided, decide } from './stages/decide.js';
import { distance } from './stages/distance.js';
import { encode } from './stages/encode.js';
import { judgeIntensities } from './stages/judge-intensities.js';
import { judgeOutputs } from './stages/judge-outputs.js';
import { measure } from './stages/measure.js';
import { normalise } from './stages/normalise.js';
import { observe } from './stages/observe.js';
import { patch } from './stages/patch.js';
import { pool } from './stages/pool.js';
import { predict } from './stages/predict.js';
import { resample } from './stages/resample.js';
import { save } from './stages/save.js';
import { score } from './stages/score.js';
import { spool } from './stages/spool.js';
import type { Stage } from './stages/stage.js';

export interface PreparationOptions extends Pick<ScanOptions, 'spool' | 'tmpdir' | 'onWarning'> {
  readonly plan: Plan;
  /** Axis codes of the training scans, where they are known. */
  readonly orientations?: readonly string[] | undefined;
  /** Shown every slice before it is normalised and resampled: its own values, in the crop box. */
  readonly onRaw?: ((slice: Slice) => void) | undefined;
}

export interface EmbeddingOptions extends PreparationOptions {
  readonly encoder: Encoder;
  /** Distance between patches as a fraction of the patch. @default 0.5 */
  readonly stepSize?: number;
}

/** Slices of the scan as they are, checked, turned and cropped: check, spool. */
export function spoolingStages(options: PreparationOptions): Stage<unknown, unknown>[] {
  const { plan, tmpdir, onRaw } = options;
  return [
    check(options),
    ...((options.spool ?? true) ? [spool({ plan, tmpdir })] : []),
    ...(onRaw ? [observe<Slice>(onRaw)] : []),
  ] as Stage<unknown, unknown>[];
}

/**
 * Slices of the scan to slices of the network grid: check, spool, then normalise and resample in
 * the order of the plan. Where a plan of nnU-Net v1 z-scores, the resampled scan is measured in
 * between, which takes a spool of its own.
 */
export function preparationStages(options: PreparationOptions): Stage<unknown, unknown>[] {
  const { plan, tmpdir } = options;
  const spooled = options.spool ?? true;
  const measured = spooled && plan.channels.some(({ scheme }) => scheme === 'ZScoreNormalization');
  const stages: Stage<never, unknown>[] =
    plan.order === 'normalise-first'
      ? [normalise({ plan }), resample({ plan })]
      : [resample({ plan }), ...(measured ? [measure({ tmpdir })] : []), normalise({ plan })];
  return [...spoolingStages(options), ...(stages as Stage<unknown, unknown>[])];
}

/** Slices of the scan to one embedding a patch: preparation → patch → encode → pool. */
export function embeddingStages(options: EmbeddingOptions): Stage<unknown, unknown>[] {
  const { plan, encoder, stepSize } = options;
  return [
    ...preparationStages(options),
    patch({ patchSize: plan.patchSize, stepSize }),
    encode({ encoder }),
    pool(),
  ] as Stage<unknown, unknown>[];
}

/**
 * Embeds one scan: `onEmbedding` sees every patch's embedding, in order.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function embedScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScanOptions & EmbeddingOptions & { readonly onEmbedding: (embedding: Embedding) => void | Promise<void> },
): Promise<void> {
  const report = reporter(options);
  await runScan(source, options, [
    ...embeddingStages(options),
    observe<Embedding>((embedding) => {
      report(embedding);
      return options.onEmbedding(embedding);
    }),
  ]);
}

export interface ScoreScanOptions extends ScanOptions {
  /** From `openDetector`; scans share one. */
  readonly detector: OpenDetector;
  /**
   * Where the uncertainty mask goes: a path, or a stream that gets gzip. Of detectors on features.
   * An abort that comes after the file has got its name leaves it there, whole.
   */
  readonly mask?: string | Writable | undefined;
  /**
   * Stop as soon as the scan is certainly out of distribution. Of calibrated detectors on features
   * whose distances are never negative, without a mask.
   * @default false
   */
  readonly early?: boolean | undefined;
  /**
   * Say what explains the verdict: the score gets an `explanation`. Not with `early`.
   * @default false
   */
  readonly explain?: boolean | undefined;
}

/** How a scan is judged: `warnings` fills up while it is read. */
export interface JudgingOptions extends ScoreScanOptions {
  readonly warnings: readonly Warning[];
  /** Shown what comes by, and asked at the end. */
  readonly explainer?: Explainer | undefined;
}

/** What gathers the explanation, where one is asked for, and how it is shown the slices. */
export function explaining({
  detector,
  explain,
}: {
  readonly detector: SegmentingDetector;
  readonly explain?: boolean | undefined;
}): {
  readonly explainer?: Explainer;
  readonly onRaw?: (slice: Slice) => void;
} {
  if (!explain) return {};
  const explainer = new Explainer(detector);
  return { explainer, onRaw: (slice) => explainer.slice(slice) };
}

/** Collects what is told of a scan, and passes it on. */
export function warningsInto({ spool: spooled = true, onWarning }: Pick<ScanOptions, 'spool' | 'onWarning'>) {
  const message = 'Streamed without a spool: not cropped to the non-zero box, values clipped to the range of the plan.';
  const warnings: Warning[] = spooled ? [] : [{ code: 'no-spool', message }];
  return {
    warnings,
    onWarning: (warning: Warning, name: string) => {
      warnings.push(warning);
      onWarning?.(warning, name);
    },
  };
}

/** What a detector knows of the scans that it was fitted to. */
export function expectationsOf({ description }: SegmentingDetector): Pick<PreparationOptions, 'plan' | 'orientations'> {
  return { plan: description.plan, orientations: description.orientations };
}

/**
 * Scores one scan with the pipeline of its detector: load → spool → normalise → resample, and then
 *
 *   on features     patch → encode → pool → distance (→ decide) → aggregate (→ save) → score
 *   on outputs      patch → predict → assemble → judge-outputs
 *   on intensities  judge-intensities
 *
 * @throws SegcanaryError whatever is wrong with the scan, `usage` for a mask of a detector that has
 *   none and for `early` where nothing can be decided, `aborted` when the signal says so
 */
export async function scoreScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScoreScanOptions & { readonly early?: false | undefined },
): Promise<SubjectScore>;
export async function scoreScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScoreScanOptions,
): Promise<SubjectScore | EarlyVerdict>;
export async function scoreScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScoreScanOptions,
): Promise<SubjectScore | EarlyVerdict> {
  let result: SubjectScore | null = null;
  if (options.early && options.explain) throw notBoth('An explanation');
  const scoring = { ...options, ...warningsInto(options), ...explaining(options) };
  try {
    await runScan(source, scoring, [
      ...preparationStages({ ...scoring, ...expectationsOf(options.detector) }),
      ...judgingStages(scoring),
      observe<SubjectScore>((s) => {
        result = s;
      }),
    ]);
  } catch (error) {
    if (error instanceof Decided) return error.verdict;
    throw error;
  }
  return result ?? endedEarly(options);
}

/** Slices of the network grid to the score of the scan. */
export function judgingStages(options: JudgingOptions): Stage<never, unknown>[] {
  const { detector } = options;
  if (detector.kind !== 'features' && options.mask !== undefined) throw noMask(detector);
  if (options.early) refuseEarly(detector);
  if (detector.kind === 'intensities')
    return [judgeIntensities({ scorer: detector.scorer, ...verdictOptions(options) })];
  const { plan, stepSize } = detector.description;
  const patches = patch({ patchSize: plan.patchSize, stepSize });
  if (detector.kind === 'features')
    return [patches, encode({ encoder: detector.encoder }), pool(), ...distanceStages(options, detector)];
  const { method, description: d, sampler } = detector;
  const report = reporter(options);
  let count = 0;
  return [
    patches,
    predict({ segmenter: sampler }),
    observe<Prediction>((prediction) => {
      count++;
      report(prediction);
    }),
    assemble(),
    judgeOutputs({ method, sampler, regions: d.regions, patches: () => count, ...verdictOptions(options) }),
  ];
}

/** Embeddings to the score of the scan: distance (→ decide) → aggregate (→ save) → score. */
export function distanceStages(options: JudgingOptions, { scorer }: FeatureDetector): Stage<never, unknown>[] {
  const { mask, early, explainer } = options;
  if (early && mask !== undefined) throw notBoth('A mask');
  return [
    ...(explainer ? [observe<Embedding>((embedding) => explainer.embedding(embedding))] : []),
    distance({ scorer }),
    ...(explainer ? [observe<PatchDistance>((patch) => explainer.distance(patch))] : []),
    observe<PatchDistance>(reporter(options)),
    ...(early ? [decide(verdictOptions(options))] : []),
    aggregate(),
    ...(mask === undefined ? [] : [save({ to: mask })]),
    score(verdictOptions(options)),
  ];
}

function verdictOptions({ detector, warnings, explainer }: JudgingOptions): VerdictOptions {
  return {
    calibration: detector.description.calibration,
    detector: detector.id,
    warnings,
    explain: explainer && (() => explainer.explanation()),
  };
}

/** The sentence for what needs a whole scan, beside `early`. */
const notBoth = (what: string): SegcanaryError =>
  new SegcanaryError('usage', `${what} needs every patch and \`early\` stops before the last; leave one of them out.`, {
    option: 'early',
  });

const noMask = ({ dir, method }: Detector): SegcanaryError =>
  new SegcanaryError(
    'usage',
    `${method.name} judges a scan as a whole and gives no mask; leave \`mask\` out, or use a detector on features.`,
    { option: 'mask', subject: dir },
  );

/** Nothing came out at the end. */
export function endedEarly({ case: name = 'stdin', file = name }: ScanOptions): never {
  throw new SegcanaryError('truncated', 'the scan ended before it could be scored.', { subject: file });
}

/** Tells of every patch that has come so far. */
export function reporter({ onProgress }: Pick<ScanOptions, 'onProgress'>): (chunk: PatchPlace) => void {
  return (chunk) =>
    onProgress?.({ case: chunk.grid.scan.case, patches: chunk.index + 1, total: patchCount(chunk.tiling) });
}
