import type { NdArray } from 'ndarray';

/**
 * Three numbers, one per axis of a grid, in [z, y, x] order (slowest first) unless a comment says
 * otherwise.
 */
export type Triple = readonly [number, number, number];

/**
 * What a NIfTI header says about where its voxels lie. Kept whole, so that a mask can be written in
 * the same geometry.
 */
export interface NiftiGeometry {
  /** pixdim[0..7] as stored; [0] is qfac, [1..3] the voxel size along x, y, z. */
  readonly pixdim: readonly number[];
  readonly qformCode: number;
  readonly sformCode: number;
  /** quatern_b, quatern_c, quatern_d. */
  readonly quatern: Triple;
  /** qoffset_x, qoffset_y, qoffset_z. */
  readonly qoffset: Triple;
  /** srow_x, srow_y, srow_z: 12 numbers, row-major. */
  readonly srow: readonly number[];
  readonly xyztUnits: number;
}

/** One scan, as its file describes it. Shared by every chunk that was made from it. */
export interface Scan {
  /** Name of the case in results and messages. */
  readonly case: string;
  /** Voxels along [z, y, x]: z is the slowest axis of the file, x the fastest. */
  readonly shape: Triple;
  /** Voxel size in mm along [z, y, x], positive. */
  readonly spacing: Triple;
  readonly channels: number;
  /**
   * Row-major 4x4 matrix from voxel (x, y, z, 1) to RAS+ mm, chosen as nibabel chooses (sform if
   * its code > 0, else qform, else pixdim).
   */
  readonly affine: readonly number[];
  readonly geometry: NiftiGeometry;
}

/** A half-open box of voxels: start <= index < stop on each axis. */
export interface Box {
  readonly start: Triple;
  readonly stop: Triple;
}

/**
 * What was measured of one channel on a whole grid, so that a later stage need not see the whole
 * grid itself. Float32 values.
 */
export interface ChannelStatistics {
  /** Smallest and largest value on the grid. */
  readonly min: number;
  readonly max: number;
  /** Mean and population standard deviation (divisor n) over the grid. */
  readonly mean: number;
  readonly std: number;
  /** The same four over the hole-filled non-zero mask, where one was asked for. */
  readonly nonzero?: { readonly min: number; readonly max: number; readonly mean: number; readonly std: number };
  /**
   * Extremes plane by plane, measured only where `resample` will take an axis other than z on its
   * own.
   */
  readonly planes?: PlaneRanges;
}

/** Smallest and largest value of every plane across one axis of the grid. */
export interface PlaneRanges {
  readonly axis: 1 | 2;
  readonly min: Float32Array;
  readonly max: Float32Array;
  /**
   * Whether the plane holds voxels outside the non-zero mask, which min and max then leave out.
   * Present where a mask was asked for.
   */
  readonly outside?: Uint8Array;
}

/**
 * The regular voxel grid that a chunk lies on, and how it was made from the scan's own: axes
 * permuted, axes flipped, cropped to a box, resampled, in this order. Immutable and shared by all
 * chunks of the grid.
 */
export interface Grid {
  readonly scan: Scan;
  /** Voxels along this grid's own [z, y, x]. */
  readonly shape: Triple;
  /** Voxel size in mm along this grid's own [z, y, x]. */
  readonly spacing: Triple;
  readonly channels: number;
  /** Axis i of this grid runs along axis axes[i] of the scan's [z, y, x]. */
  readonly axes: Triple;
  /** Whether axis i of this grid runs against the direction of the scan's axis. */
  readonly flipped: readonly [boolean, boolean, boolean];
  /**
   * The crop box, in voxels of the permuted and flipped but not yet resampled scan. The whole scan
   * where nothing was cropped.
   */
  readonly box: Box;
  /**
   * The axis of this grid along which `resample` took the nearest neighbour; null where every axis
   * was interpolated or nothing was resampled.
   */
  readonly separateAxis: 0 | 1 | 2 | null;
  /**
   * One entry a channel once `spool` has measured; `normalise` maps them along with the voxels.
   * Absent when the scan is streamed straight through.
   */
  readonly statistics?: readonly ChannelStatistics[];
}

/** One slice of a grid, z ascending from 0, every slice exactly once. */
export interface Slice {
  readonly grid: Grid;
  readonly z: number;
  /** [c, y, x]. */
  readonly data: NdArray<Float32Array>;
  /**
   * [y, x], 1 inside the hole-filled non-zero mask. Present where the plan normalises inside that
   * mask.
   */
  readonly nonzero?: NdArray<Uint8Array>;
}

/**
 * How a sliding window lies over a padded grid: a Cartesian product of origins. Immutable and
 * shared.
 */
export interface Tiling {
  /** Voxels of a patch along [z, y, x]. */
  readonly patchSize: Triple;
  /** Voxels of the grid after padding it up to the patch size. */
  readonly padded: Triple;
  /** Voxels of padding before the first voxel of the grid, on each axis. */
  readonly before: Triple;
  /** First voxels of the patches on the padded grid, ascending, for each axis. */
  readonly origins: readonly [readonly number[], readonly number[], readonly number[]];
}

/** Where a patch lies. Patches come in C order of the tile: z slowest, x fastest. */
export interface PatchPlace {
  readonly grid: Grid;
  readonly tiling: Tiling;
  /** 0, 1, 2, … in the order of emission. */
  readonly index: number;
  /** Index into tiling.origins on each axis. */
  readonly tile: Triple;
}

/**
 * A sliding-window patch. Its buffer is the consumer's alone: `encode` transfers it to the
 * inference worker.
 */
export interface Patch extends PatchPlace {
  /** [c, z, y, x]. */
  readonly data: NdArray<Float32Array>;
}

/** The tapped activation of one patch, without its batch axis. */
export interface Activation extends PatchPlace {
  /** [c, …spatial]. */
  readonly data: NdArray<Float32Array>;
  /**
   * What was measured inside the graph beside the tap, where the encoder does: means of every
   * channel of every stage, then what its further taps have.
   */
  readonly measured?: Float32Array | undefined;
}

/** What the whole network makes of one patch. */
export interface Prediction extends PatchPlace {
  /** [class, z, y, x], before any softmax or sigmoid. */
  readonly logits: NdArray<Float32Array>;
  /** The tapped activation, [c, …spatial], without its batch axis; null where nothing is tapped. */
  readonly activation: NdArray<Float32Array> | null;
  readonly measured?: Float32Array | undefined;
}

/**
 * One slice of logits, z ascending: of the network grid behind `assemble`, of the cropped scan
 * behind `restore`.
 */
export interface LogitSlice {
  readonly grid: Grid;
  readonly z: number;
  /** [class, y, x]. */
  readonly data: NdArray<Float32Array>;
}

/**
 * One slice of a segmentation, z ascending: of the cropped scan behind `label`, of the scanner's
 * own grid behind `uncrop`.
 */
export interface LabelSlice {
  readonly grid: Grid;
  readonly z: number;
  /** [y, x], values of dataset.json's labels. */
  readonly data: NdArray<Uint8Array | Uint16Array>;
}

/** Features of one patch: what is left of its activation. */
export interface Embedding extends PatchPlace {
  /** [c]: the mean of every channel over the patch. */
  readonly channelMeans: Float32Array;
  /**
   * What was measured inside the graph beside the tap, where the encoder does: means of every
   * channel of every stage, then what its further taps have.
   */
  readonly measured?: Float32Array | undefined;
  /** [d]: the pooled activation, C order of [c, z, y, x]. */
  readonly vector: Float32Array;
}

/** The squared Mahalanobis distance of one patch's embedding. */
export interface PatchDistance extends PatchPlace {
  readonly distance: number;
}

/** The patch that lies farthest from the training distribution. */
export interface WorstPatch {
  readonly distance: number;
  /** Voxel [x, y, z] of the source scan nearest to the patch's centre. */
  readonly centre: Triple;
}

/**
 * One slice of the uncertainty mask on the scanner's own grid. Its voxels are computed only when
 * asked for.
 */
export interface MaskSlice {
  readonly scan: Scan;
  readonly z: number;
  /** Voxels of this slice inside the crop box, and the sum of the mask over them. */
  readonly count: number;
  readonly sum: number;
  /** Patches scored so far, and the worst of them. */
  readonly patches: number;
  readonly worstPatch: WorstPatch;
  /** [y, x] in C order: the mask, 0 outside the crop box. */
  render(): Float32Array;
}

export type Verdict = 'in-distribution' | 'out-of-distribution' | 'uncalibrated';

/** A named remark about a scan that was scored all the same. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

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
   * `stage 3` or `channels 40-79`; stages and channels are counted from 0, the last channel is
   * included.
   */
  readonly name: string;
  /** The tensor that the group is of. */
  readonly tensor: string;
  readonly channels: number;
  /**
   * Mean over the patches, weighted as in the score, of the group's own squared distance; that of
   * the training patches is 1.
   */
  readonly ratio: number;
  /**
   * The same in standard deviations of the training patches, about their mean. Of `multi-layer`
   * they sum to the score.
   */
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
   * where 2 max <= min.
   */
  readonly uncertainty: number | null;
  /** The conformal boundary, on the scale of `score`. */
  readonly boundary: number | null;
  readonly verdict: Verdict;
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
export interface EarlyVerdict extends Omit<SubjectScore, 'score' | 'verdict' | 'explanation'> {
  readonly score: null;
  /** A lower bound of the score, above the boundary. */
  readonly scoreAtLeast: number;
  readonly uncertainty: null;
  readonly verdict: 'out-of-distribution';
}
