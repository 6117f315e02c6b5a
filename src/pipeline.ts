import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Embedding, LabelSlice, LogitSlice, Prediction, Slice, Tiles } from './chunks.js';
import { refuseEarly } from './detectors/early.js';
import { type OpenDetector, refuseUnlessOnFeatures, type SegmentingDetector } from './detectors/opened.js';
import type { FeatureDetector } from './detectors/saved.js';
import type { VerdictOptions } from './detectors/verdict.js';
import { type IntensityWatch, watchIntensities } from './detectors/watch-intensities.js';
import type { Explainer } from './explain/explainer.js';
import { type ChannelSource, isSliceSource, type ScanSource, type SliceSource } from './formats/scan-source.js';
import type { Algorithm } from './formats/volume-writer.js';
import { limitsOf, type ScanLimits } from './limits.js';
import type { NetworkWindow } from './maths/volume/needs.js';
import type { Encoder } from './network/encoder.js';
import type { Plan, Scheme, SegmentationPlan } from './plan.js';
import type { SubjectScore, Warning, WarningListener } from './results.js';
import { afford } from './stages/afford.js';
import { aggregate } from './stages/aggregate.js';
import { assemble } from './stages/assemble.js';
import { type Chain, chain, type Flow, flow } from './stages/chain.js';
import { check } from './stages/check.js';
import { decide } from './stages/decide.js';
import { distance } from './stages/distance.js';
import { encode } from './stages/encode.js';
import { join } from './stages/join.js';
import { judgeIntensities } from './stages/judge-intensities.js';
import { judgeOutputs } from './stages/judge-outputs.js';
import { label } from './stages/label.js';
import { load } from './stages/load.js';
import { measure } from './stages/measure.js';
import { normalise } from './stages/normalise.js';
import { observe } from './stages/observe.js';
import { patch } from './stages/patch.js';
import { pool } from './stages/pool.js';
import { predict } from './stages/predict.js';
import { type ProgressListener, reporter } from './stages/progress.js';
import { resample } from './stages/resample.js';
import { restore } from './stages/restore.js';
import { save } from './stages/save.js';
import { saveProbabilities } from './stages/save-probabilities.js';
import { score } from './stages/score.js';
import { spool } from './stages/spool.js';
import { uncrop } from './stages/uncrop.js';

/** How a scan is read. */
export interface ReadingOptions {
  /** Name of the case in results and messages. @default 'stdin' */
  readonly case?: string;
  /** Name of the file in messages. @default the case */
  readonly file?: string;
  /** Which volume of a 4-D file, from 0. Without it a 4-D file is refused. */
  readonly volume?: number;
  /** What the scan may be at most. @default DEFAULT_LIMITS */
  readonly limits?: Partial<ScanLimits>;
  /** Told of what is well-formed and probably wrong (docs/input.md). */
  readonly onWarning?: WarningListener | undefined;
  /**
   * The plan whose reader decides how headers are read, and how the channels of a case lie on each
   * other.
   * @default nibabel's rules, with units honoured; channels as they are stored
   */
  readonly plan?: Pick<Plan, 'reader' | 'imageReader'> | undefined;
  /**
   * Axis codes of the training scans, where they are known: a series, whose slices can be laid out
   * either way, is laid out as they were.
   */
  readonly orientations?: readonly string[] | undefined;
}

/**
 * The slices of a scan as they are in its files: load, or what reads a series, and join where its
 * channels are files of their own. A channel that has to be turned to lie on the first is spooled.
 *
 * @returns the slices, for the stages that take them
 */
export function scanned(
  source: ScanSource,
  options: ReadingOptions & Pick<PreparationOptions, 'spool' | 'tmpdir'>,
): Flow<Slice> {
  const { case: name = 'stdin', file = name, volume, plan, orientations, limits, onWarning } = options;
  const seriesOf = (series: SliceSource, from: string) =>
    series.slices({ case: name, name: from, orientations, limits, onWarning });
  const loadFrom = (from: string) =>
    load({ case: name, name: from, volume, reader: plan?.imageReader, limits, onWarning });
  const first = isChannels(source) ? source[0] : { file, bytes: source };
  const slices = isSliceSource(first.bytes)
    ? flow(seriesOf(first.bytes, first.file), chain<Slice>())
    : flow(first.bytes, chain(loadFrom(first.file)));
  if (!isChannels(source) || source.length === 1) return slices;
  const channels = source.slice(1).map(({ file: from, bytes }): AsyncIterable<Slice> => {
    if (isSliceSource(bytes)) return seriesOf(bytes, from);
    const loaded = loadFrom(from);
    // The join stage reads the channel and is told of its error; nobody else needs to be.
    pipeline(bytes, loaded).catch(() => {});
    return loaded;
  });
  const { spool, tmpdir } = options;
  return slices.to(join({ channels, reader: plan?.reader, spool, tmpdir, onWarning }));
}

const isChannels = (source: ScanSource): source is readonly ChannelSource[] => Array.isArray(source);

/** How a scan is made into what the network takes. */
export interface PreparationOptions extends Pick<ReadingOptions, 'onWarning' | 'limits' | 'orientations'> {
  readonly plan: Plan;
  /**
   * Write the slices to a temporary file while measuring, as exact nnU-Net preprocessing needs.
   * @default true
   */
  readonly spool?: boolean;
  /** Where the temporary file lies; a tmpfs would be RAM. @default os.tmpdir() */
  readonly tmpdir?: string;
  /**
   * How the network is slid over the prepared scan, so that a scan of too many patches is refused
   * before they are run. Without it the memory of the preparation alone is looked at.
   */
  readonly window?: Omit<NetworkWindow, 'patchSize'> | undefined;
  /** Shown every slice before it is normalised and resampled: its own values, in the crop box. */
  readonly onRaw?: ((slice: Slice) => void) | undefined;
}

/**
 * Slices of the scan as they are, checked, turned and cropped:
 *
 *   check → afford → spool → afford
 */
export function spooled(options: PreparationOptions): Chain<Slice, Slice> {
  const { plan, limits, tmpdir, onRaw, spool: isSpooled = true } = options;
  const window = options.window && { ...options.window, patchSize: plan.patchSize };
  const affordable = { plan, window, limits };
  return chain(check(options))
    .optionally(isSpooled ? afford({ ...affordable, ahead: true }) : null)
    .optionally(isSpooled ? spool({ plan, tmpdir }) : null)
    .to(afford(affordable))
    .optionally(onRaw && observe(onRaw));
}

/** Schemes that need statistics of the scan itself. */
const OF_THE_SCAN: ReadonlySet<Scheme> = new Set<Scheme>(['ZScoreNormalization', 'RescaleTo01Normalization']);

/**
 * Slices of the scan to slices of the network grid: check → spool, then normalise and resample in
 * the order of the plan. Where a plan that resamples first (nnU-Net v1, a plan file) normalises by
 * statistics of the scan, the resampled scan is measured in between, which takes a spool of its
 * own.
 */
export function prepared(options: PreparationOptions): Chain<Slice, Slice> {
  const { plan, tmpdir, spool: isSpooled = true } = options;
  const slices = spooled(options);
  if (plan.order === 'normalise-first') return slices.to(normalise({ plan })).to(resample({ plan }));
  const isMeasured = isSpooled && plan.channels.some(({ scheme }) => OF_THE_SCAN.has(scheme));
  return slices
    .to(resample({ plan }))
    .optionally(isMeasured ? measure({ plan, tmpdir }) : null)
    .to(normalise({ plan }));
}

export interface EmbeddingOptions extends PreparationOptions {
  readonly encoder: Encoder;
  /** Distance between patches as a fraction of the patch. @default 0.5 */
  readonly stepSize?: number;
  /** Which of the patches: as few as leave no voxel out, or all. @default 'all' */
  readonly tiles?: Tiles | undefined;
  /** Shown every slice of the network grid. */
  readonly onPrepared?: ((slice: Slice) => void) | undefined;
}

/** Slices of the scan to one embedding a patch: prepared → patch → encode → pool. */
export function embedded(options: EmbeddingOptions): Chain<Slice, Embedding> {
  const { plan, encoder, stepSize, tiles, onPrepared } = options;
  return prepared({ window: { stepSize, tiles }, ...options })
    .optionally(onPrepared && observe(onPrepared))
    .to(patch({ patchSize: plan.patchSize, stepSize, tiles }))
    .to(encode({ encoder, seconds: limitsOf(options.limits).seconds }))
    .to(pool());
}

/** How a scan is judged, whatever the detector. */
export interface VerdictChainOptions {
  /** Where the uncertainty mask goes: a path, or a stream that gets gzip. Needs features. */
  readonly mask?: string | Writable | undefined;
  /** Stop as soon as the scan is certainly out of distribution: throws `Decided`. @default false */
  readonly early?: boolean | undefined;
  /** Fills up while the scan is read. */
  readonly warnings: readonly Warning[];
  /** What the scan may take: of them `seconds`. @default DEFAULT_LIMITS */
  readonly limits?: Partial<ScanLimits> | undefined;
  /** Shown what comes by, and asked at the end. */
  readonly explainer?: Explainer | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Shown every slice of the network grid, where the detector judges intensities too. */
  readonly watch?: IntensityWatch | null | undefined;
}

/**
 * Slices of the network grid to the score of the scan:
 *
 *   on features     patch → encode → pool → judgedByFeatures
 *   on outputs      patch → predict → assemble → judge-outputs
 *   on intensities  judge-intensities
 *
 * @throws SegcanaryError `usage` for a mask of a detector that has none, and for `early` where
 *   nothing can be decided before the end
 */
export function judged(
  detector: OpenDetector,
  options: Omit<VerdictChainOptions, 'watch'>,
): Chain<Slice, SubjectScore> {
  if (options.mask !== undefined) refuseUnlessOnFeatures(detector, 'mask');
  if (options.early && detector.kind !== 'features') refuseEarly(detector);
  if (detector.kind === 'intensities')
    return chain(judgeIntensities({ scorer: detector.scorer, ...verdictOptions(detector, options) }));
  // Nobody knows how soon an early verdict is there.
  const seconds = options.early ? undefined : limitsOf(options.limits).seconds;
  const { plan, stepSize } = detector.description;
  const tiles = detector.kind === 'features' ? detector.description.tiles : 'all';
  const patches = chain(patch({ patchSize: plan.patchSize, stepSize, tiles }));
  if (detector.kind === 'features') {
    const watch = watchIntensities(detector.scorer);
    return chain<Slice>()
      .optionally(watch && observe(watch.look))
      .to(patches)
      .to(encode({ encoder: detector.encoder, seconds }))
      .to(pool())
      .to(judgedByFeatures(detector, { ...options, watch }));
  }
  const { method, description, sampler } = detector;
  const { regions } = description;
  return patches
    .to(predict({ predictor: sampler, seconds }))
    .observe(reporter(options))
    .to(assemble())
    .to(judgeOutputs({ method, sampler, regions, ...verdictOptions(detector, options) }));
}

/**
 * Embeddings to the score of the scan: distance (→ decide) → aggregate (→ save) → score.
 *
 * @throws SegcanaryError `usage` for `early` where nothing can be decided before the end
 */
export function judgedByFeatures(
  detector: FeatureDetector,
  options: VerdictChainOptions,
): Chain<Embedding, SubjectScore> {
  const { mask, early, explainer, watch } = options;
  const { scorer } = detector;
  if (early) refuseEarly(detector, { mask, explain: explainer !== undefined });
  const verdict = verdictOptions(detector, options);
  return chain<Embedding>()
    .optionally(explainer && observe((embedding) => explainer.embedding(embedding)))
    .to(distance({ scorer }))
    .optionally(explainer && observe((patch) => explainer.distance(patch)))
    .observe(reporter(options))
    .optionally(early ? decide({ ...verdict, least: scorer.least }) : null)
    .to(aggregate())
    .optionally(mask === undefined ? null : save({ to: mask, description: { algorithm: algorithmOf(detector) } }))
    .to(score({ ...verdict, intensities: watch?.distance }));
}

/** A detector as what made an image. */
const algorithmOf = ({ id }: Pick<SegmentingDetector, 'id'>): Algorithm => ({ name: 'segcanary', version: id });

function verdictOptions(
  { description, id }: SegmentingDetector,
  { warnings, explainer, watch }: VerdictChainOptions,
): VerdictOptions {
  const explain = explainer && (() => explainer.explanation(watch?.distance()));
  return { calibration: description.calibration, detector: id, warnings, explain };
}

export interface LabellingOptions {
  readonly plan: Plan;
  readonly segmentation: SegmentationPlan;
  /** Where the probabilities go, if anywhere: a 4-D NIfTI file. */
  readonly probabilities?: string | Writable | undefined;
  readonly tmpdir?: string;
  /** Shown every slice of the network grid before it becomes labels; not to be written to. */
  readonly onLogits?: ((slice: LogitSlice) => void) | undefined;
}

/** Predictions to the segmentation of the scan: assemble → labelled. */
export const segmented = (options: LabellingOptions): Chain<Prediction, LabelSlice> =>
  chain(assemble())
    .optionally(options.onLogits && observe(options.onLogits))
    .to(labelled(options));

/** Logits of the network grid to labels of the scan: restore (→ save) → label → uncrop. */
export function labelled(options: LabellingOptions): Chain<LogitSlice, LabelSlice> {
  const { plan, segmentation, probabilities, tmpdir } = options;
  return chain(restore({ plan, segmentation }))
    .optionally(probabilities === undefined ? null : saveProbabilities({ to: probabilities, segmentation, tmpdir }))
    .to(label({ segmentation }))
    .to(uncrop({ tmpdir }));
}
