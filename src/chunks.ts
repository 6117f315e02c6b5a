import type { Readable } from 'node:stream';
import type { NdArray } from 'ndarray';

/** Bytes of a scan, from any stream: stdin, a file, an HTTP body, an async iterable of chunks. */
export type ScanBytes = Readable | AsyncIterable<Uint8Array>;

/** One channel of a scan that comes as a file a channel. */
export interface ChannelBytes {
  /** Name of the file in messages. */
  readonly file: string;
  readonly bytes: ScanBytes;
}

/**
 * Three numbers, one per axis of a grid, in [z, y, x] order (slowest first) unless a comment says
 * otherwise.
 */
export type Triple = readonly [number, number, number];

/**
 * What the file's header says beyond what a scan carries. It is kept whole by its format's reader
 * for its format's writer, and nobody else looks inside.
 */
export interface SourceHeader {
  /** Name of the format, by which its writer knows it again. */
  readonly format: string;
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
   * Row-major 4x4 matrix from voxel (x, y, z, 1) to RAS+ mm, chosen as the reader chooses: nibabel
   * the sform if its code > 0, else the qform, else pixdim.
   */
  readonly affine: readonly number[];
  /** Whether the file says where its voxels lie; where it does not, the affine is a guess. */
  readonly placed: boolean;
  readonly header: SourceHeader;
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
   * Where the plan clips to percentiles of the grid: these, and mean and population standard
   * deviation of the values clipped to them.
   */
  readonly clipped?: { readonly low: number; readonly high: number; readonly mean: number; readonly std: number };
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

/** Which patches of a sliding window are cut: every one, or as few as leave no voxel out. */
export type Tiles = 'all' | 'cover';

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
  /** The tapped activation, [c, …spatial], without its batch axis; null where none is tapped. */
  readonly activation: NdArray<Float32Array> | null;
  readonly measured?: Float32Array | undefined;
}

/**
 * One slice of logits, z ascending: of the network grid behind `assemble`, of the cropped scan
 * behind `restore`.
 */
export interface LogitSlice {
  readonly grid: Grid;
  /** How the patches lay that it was put together from. */
  readonly tiling: Tiling;
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
  /** How the patches lay that it was put together from. */
  readonly tiling: Tiling;
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
