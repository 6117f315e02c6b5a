import type { Box, Triple, WorstPatch } from './chunks.js';
import { describeError, type ErrorDescription } from './errors.js';

export type Verdict = 'in-distribution' | 'out-of-distribution' | 'uncalibrated';

/** A named remark about a scan that was scored all the same. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** Told of a remark about a scan, and of the name of its case. */
export type WarningListener = (warning: Warning, name: string) => void;

/** One of the patches that lie farthest from the training distribution. */
export interface ExplainedPatch {
  /** 0, 1, 2, … in the order of the sliding window. */
  readonly index: number;
  readonly distance: number;
  /**
   * How much it counts in the score, which is the sum over all patches of distance * weight. The
   * weights of all patches sum to 1.
   */
  readonly weight: number;
  /** Voxel [x, y, z] of the source scan nearest to the patch's centre. */
  readonly centre: Triple;
  /**
   * The voxels [x, y, z] of the source scan that it covers inside the crop box: start <= voxel <
   * stop. Its slices are those of z.
   */
  readonly box: Box;
}

/**
 * How far one group of features, a stage of the encoder or some channels at its tap, has moved from
 * the training patches.
 */
export interface ExplainedGroup {
  /**
   * `stage-3`, from 1 on, `channels 40-79`, from 0 on, the last one included, or `intensities`:
   * those of the whole scan.
   */
  readonly name: string;
  /** The tensor that the group is of. */
  readonly tensor: string;
  readonly channels: number;
  /**
   * Mean over the patches, weighted as in the score, of the group's own squared distance; that of
   * the training patches is 1. Of `multi-depth` it is a geometric mean over their median.
   */
  readonly ratio: number;
  /**
   * The same in standard deviations of the training patches, about their mean; of `multi-depth` on
   * a logarithmic scale, about their median. Of `multi-layer` they sum to the score.
   */
  readonly z: number;
  /** The features of the group that have moved most, where the detector knows. */
  readonly moved?: readonly ExplainedFeature[];
}

/** What a channel of a stage looks like beside the training patches. */
export interface ExplainedFeature {
  /** Counted from 0. */
  readonly channel: number;
  /** Its mean over a patch, or the logarithm of its standard deviation there. */
  readonly statistic: 'mean' | 'spread';
  /** (mean over the patches - mean) / deviation, both over the training patches. */
  readonly z: number;
}

/**
 * The intensities of one channel of a scan beside those of the training scans: its own values,
 * before they are normalised or resampled, in the crop box.
 */
export interface ExplainedIntensities {
  /** Name of the channel in the plan. */
  readonly channel: string;
  /** `HU` where the plan takes the channel for a CT; null where the unit is not known. */
  readonly unit: 'HU' | null;
  /**
   * [bins + 1], ascending. Bin i holds edges[i] <= value < edges[i + 1]; the first and the last
   * hold what lies beyond them too.
   */
  readonly edges: readonly number[];
  /**
   * [bins]: shares of the voxels, mean over the training scans; sum 1. Null where the detector
   * keeps none.
   */
  readonly training: readonly number[] | null;
  /** [bins]: shares of this scan's voxels; sum 1. */
  readonly scan: readonly number[];
  /**
   * Wasserstein-1 distance between the two, in the unit of the edges: how far the mean voxel would
   * have to be shifted.
   */
  readonly distance: number | null;
  /** The same distance of the training scans: mean and largest. */
  readonly trainingDistances: { readonly mean: number; readonly max: number } | null;
}

/** What explains a verdict; `segcanary score --explain`. */
export interface Explanation {
  /**
   * The five patches of the largest distances, largest first. Null where the detector judges the
   * scan as a whole.
   */
  readonly patches: readonly ExplainedPatch[] | null;
  /**
   * From the input on. Null where the detector has no features, or was fitted before it kept what
   * this needs.
   */
  readonly groups: readonly ExplainedGroup[] | null;
  /** One a channel. */
  readonly intensities: readonly ExplainedIntensities[];
  /** Why something is null. */
  readonly notes: readonly Warning[];
}

/** The result for one scan; one JSON object of `segcanary score`. */
export interface SubjectScore {
  readonly case: string;
  /**
   * Higher is more suspicious. Of a detector on features: the mean of the mask over the crop box, a
   * mean of distances.
   */
  readonly score: number;
  /**
   * clip((score - min) / (2 max - min), 0, 1) over the calibration scores; null uncalibrated or
   * where 2 max <= min. The paper's; it orders scans, and is no verdict.
   */
  readonly uncertainty: number | null;
  /** The conformal boundary, on the scale of `score`. */
  readonly boundary: number | null;
  readonly verdict: Verdict;
  /**
   * (1 + #{calibration scores >= score}) / (n + 1), n calibration scans: an in-distribution scan
   * has one this small or smaller with at most this probability. Out of distribution iff it is at
   * most 1 - level. Null uncalibrated.
   */
  readonly pValue: number | null;
  readonly patches: number;
  /** Null where the detector judges the scan as a whole. */
  readonly worstPatch: WorstPatch | null;
  readonly warnings: readonly Warning[];
  /**
   * `sha256:` and the hash of the detector's detector.json; null where the stage was given none.
   */
  readonly detector: string | null;
  /** Only where it was asked for. */
  readonly explanation?: Explanation;
}

/**
 * What `score --early` gives for a scan that is certainly out of distribution before its end.
 * Patches and the worst of them are those seen by then.
 */
export interface EarlyVerdict extends Omit<SubjectScore, 'score' | 'verdict' | 'pValue' | 'explanation'> {
  readonly score: null;
  /** A lower bound of the score, above the boundary. */
  readonly scoreAtLeast: number;
  readonly pValue: null;
  /** The p-value of that lower bound, an upper bound of the scan's: at most 1 - level. */
  readonly pValueAtMost: number;
  readonly uncertainty: null;
  readonly verdict: 'out-of-distribution';
}

/** What stands in the place of a result when a scan fails. */
export interface ScanFailure {
  readonly case: string;
  readonly error: ErrorDescription;
  /** What was told of the scan before it failed; absent where that is nothing. */
  readonly warnings?: readonly Warning[];
}

/** A failure from whatever was thrown while a scan was worked on. */
export function failureOf(name: string, error: unknown, warnings: readonly Warning[] = []): ScanFailure {
  return { case: name, error: describeError(error, name), ...(warnings.length > 0 && { warnings }) };
}

export function isFailure(result: object): result is ScanFailure {
  return 'error' in result;
}

/** What Dice to expect of a segmentation: 2 |A and B| / (|A| + |B|) with the truth. */
export interface Quality {
  /** The mean over the foreground labels, or regions. */
  readonly dice: number;
  /** A lower bound of that mean; null where none holds, and `note` says why. */
  readonly atLeast: number | null;
  /**
   * How often the bound holds at least, where nothing has shifted, or, of the bound for a flagged
   * scan, where the shift is exchangeable with the simulated ones. Of each bound by itself: those
   * of the labels do not hold all at once.
   */
  readonly level: number | null;
  readonly perLabel: Readonly<Record<string, { readonly dice: number; readonly atLeast: number | null }>>;
  /** In a sentence, what has to be known of the bound, or why there is none. */
  readonly note: string | null;
}

/**
 * Whether a segmentation can be relied on: the scan is not flagged, and its Dice is good enough.
 */
export type Trust = 'yes' | 'no' | 'unknown';

/** What a segmentation was, beside its file. */
export interface SegmentResult {
  readonly case: string;
  readonly patches: number;
  /** Voxels of every label in the segmentation; labels without a voxel are left out. */
  readonly voxels: Readonly<Record<number, number>>;
  /** The scan's trust score, where a detector was given. */
  readonly score: SubjectScore | null;
  /** Null where the detector was not calibrated with labels. */
  readonly quality: Quality | null;
  readonly trust: Trust;
  /** The same as the score's, where there is one. */
  readonly warnings: readonly Warning[];
}

/** A segmentation as one line of JSON: its score's own fields, then its file and voxels. */
export type SegmentLine = (SubjectScore | Pick<SegmentResult, 'case' | 'patches' | 'warnings'>) &
  Pick<SegmentResult, 'voxels' | 'quality' | 'trust'> & { readonly segmentation: string | null };

/**
 * A score as one line of JSON. What Dice to expect is told of a segmentation, and the encoder alone
 * makes none.
 */
export type ScoreLine = (SubjectScore | EarlyVerdict) & { readonly quality: null };

/**
 * A result as one line of JSON has it: a score as it is, a segmentation flat.
 *
 * @param segmentation where the segmentation was written; null where that is no file
 */
export function lineOf(
  result: SubjectScore | EarlyVerdict | SegmentResult,
  segmentation: string | null,
): ScoreLine | SegmentLine {
  if (!('voxels' in result)) return { ...result, quality: null };
  const { score, case: name, patches, voxels, quality, trust, warnings } = result;
  return { ...(score ?? { case: name, patches, warnings }), quality, trust, segmentation, voxels };
}
