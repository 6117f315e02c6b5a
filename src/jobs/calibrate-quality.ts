import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SegmentingDetector } from '../detectors/opened.js';
import type { QualityCase, QualityPass } from '../detectors/quality/learn.js';
import { FEWEST_CASES, learnQuality, type QualityModel } from '../detectors/quality/model.js';
import { writeQuality } from '../detectors/saved.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { openScan } from '../formats/open.js';
import { foregroundOf } from '../maths/volume/overlap.js';
import type { SegmentationSource } from '../network/folder.js';
import type { Segmenter } from '../network/segmenter.js';
import { failureOf, type ScanFailure } from '../results.js';
import { rateScan } from '../scans/rate.js';
import type { ScanOptions } from '../scans/run.js';
import { shiftsOfPlan } from '../simulate/for-plan.js';
import type { Grade, ScanStatistics, Shift } from '../simulate/shift.js';
import type { SimulateOptions } from '../stages/simulate.js';
import { heldOutImages } from './held-out.js';
import type { ScanInput } from './inputs.js';
import { openInput } from './open-input.js';
import { stepSizeOf } from './segment.js';
import { measureScan } from './simulate.js';

export interface CalibrateQualityOptions extends Omit<ScanOptions, 'case' | 'file'> {
  readonly model: SegmentationSource;
  /** From `segmenterOf`, with the same model and detector. */
  readonly segmenter: Segmenter;
  /** From `openBesideSegmenter`, or `openDetector`. */
  readonly detector: SegmentingDetector;
  /** Held-out scans that neither the network nor the detector has seen, one a patient. */
  readonly inputs: readonly ScanInput[];
  /** Folder of their true segmentations: {case}.nii.gz or {case}.nii. */
  readonly labels: string;
  /**
   * Shifted copies of each scan, each a pass over it more.
   * @default one of every family of shifts that fits the plan
   */
  readonly shifts?: number | undefined;
  /** Which grades and noise the copies get. @default 0 */
  readonly seed?: number | undefined;
  /** How often the lower bound may fail. @default 0.1 */
  readonly alpha?: number | undefined;
  /** Told before every pass over a scan; `shift` is null for the scan as it is. */
  readonly onPass?: (pass: { readonly case: string; readonly shift: string | null }) => void;
  readonly onFailure?: (failure: ScanFailure) => void;
  /** Told when all scans were seen and what they say is being learned. */
  readonly onLearn?: () => void;
}

export interface QualityCalibration {
  readonly quality: QualityModel;
  /** The detector's id, now that it knows. */
  readonly id: string;
  readonly failures: readonly ScanFailure[];
}

/**
 * Learns from labelled scans, and from shifted copies of them, what Dice to expect of a
 * segmentation; detector.json is rewritten whole. A scan that fails is left out with its copies, a
 * copy that fails alone.
 *
 * @throws SegcanaryError `usage` for a scan without its segmentation, before any is read, and for
 *   one that the detector was fitted to or that is there twice; `model-unsupported` for more than
 *   30 labels; `fit-failed` for fewer than five scans that could be segmented; `detector-changed`
 *   when another detector has taken its place meanwhile
 */
export async function calibrateQuality(options: CalibrateQualityOptions): Promise<QualityCalibration> {
  const { detector, model, segmenter, inputs, alpha = 0.1, seed = 0 } = options;
  const names = foregroundOf(model.segmentation.labels).map(({ name }) => name);
  if (names.length > 30)
    throw new SegcanaryError(
      'model-unsupported',
      `has ${names.length} labels, and quality is estimated of 30 at most.`,
      { subject: model.folds[0].path },
    );
  const truths = await truthsOf(inputs, options.labels);
  const copies = copiesOf(shiftsOfPlan(model.plan), options.shifts);
  const cases: QualityCase[] = [];
  const failures: ScanFailure[] = [];
  const failed = (failure: ScanFailure) => {
    failures.push(failure);
    options.onFailure?.(failure);
  };
  const attempt = async (name: string, rating: Promise<QualityPass>): Promise<QualityPass | null> =>
    rating.catch((error: unknown) => {
      if (isAbort(error)) throw error;
      failed(failureOf(name, error));
      return null;
    });
  const images = new Set(await heldOutImages(options, failed));
  for (const [i, input] of inputs.entries()) {
    if (!images.has(input)) continue;
    const passes: QualityPass[] = [];
    // Shifts of MR are relative to the values of the whole scan.
    let statistics: ScanStatistics | undefined;
    for (const copy of [null, ...copies(i)]) {
      if (copy?.shift.modality === 'mr')
        statistics ??= await measureScan({ ...options, ...input, plan: detector.description.plan });
      options.onPass?.({ case: input.case, shift: copy?.shift.name ?? null });
      const rating = rated(input, truths[i], copy && { ...copy, statistics, seed: seed + i }, options);
      const pass = await attempt(copy ? `${input.case} (${copy.shift.name})` : input.case, rating);
      if (pass) passes.push(pass);
      else if (!copy) break;
    }
    if (passes.length > 0) cases.push({ case: input.case, passes });
  }
  if (cases.length < FEWEST_CASES)
    throw new SegcanaryError(
      'fit-failed',
      `only ${cases.length} labelled scans could be segmented, and the quality of others is learned from ${FEWEST_CASES} or more.`,
      { subject: detector.dir },
    );
  options.onLearn?.();
  const { networks, mirrorAxes } = segmenter;
  const quality = learnQuality(cases, { labels: names, networks, mirrorAxes, alpha });
  const id = await writeQuality(detector, quality);
  return { quality, id, failures };
}

async function rated(
  input: ScanInput,
  truth: string,
  shift: Omit<SimulateOptions, 'of'> | null,
  options: CalibrateQualityOptions,
): Promise<QualityPass> {
  const { model, limits } = options;
  return rateScan(await openInput(input, model.plan, limits, options.signal), {
    ...options,
    plan: model.plan,
    segmentation: model.segmentation,
    stepSize: stepSizeOf(options),
    case: input.case,
    file: input.file,
    truth: { file: truth, bytes: await openScan(truth) },
    shift: shift ?? undefined,
  });
}

type Copies = readonly { readonly shift: Shift; readonly grade: Grade }[];

/**
 * The shifted copies of each scan by its number: families in turn, so that fewer copies than
 * families still show each of them on some scans, and the grade goes on by one a scan.
 */
function copiesOf(shifts: readonly Shift[], count = shifts.length): (scan: number) => Copies {
  return (scan) =>
    Array.from({ length: shifts.length === 0 ? 0 : count }, (_, copy) => {
      const family = (scan * count + copy) % shifts.length;
      const grade = (((scan + family + Math.floor(copy / shifts.length)) % 3) + 1) as Grade;
      return { shift: shifts[family], grade };
    });
}

/**
 * The file of every scan's true segmentation.
 *
 * @throws SegcanaryError `usage` for a scan without one
 */
export async function truthsOf(inputs: readonly ScanInput[], folder: string): Promise<string[]> {
  const truths: string[] = [];
  for (const { case: name } of inputs) {
    const paths = ['.nii.gz', '.nii'].map((ending) => join(folder, name + ending));
    const found: string[] = [];
    for (const path of paths) if (await isThere(path)) found.push(path);
    if (found.length === 0)
      throw new SegcanaryError(
        'usage',
        `holds no segmentation of ${name} (${name}.nii.gz); give one of every scan, or leave the scan out.`,
        { subject: folder },
      );
    truths.push(found[0]);
  }
  return truths;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
