import type { Triple } from './chunks.js';

/** What nnU-Net calls its intensity normalisations. */
export type Scheme =
  | 'CTNormalization'
  | 'ZScoreNormalization'
  | 'NoNormalization'
  | 'RescaleTo01Normalization'
  | 'RGBTo01Normalization';

/** Intensities of the foreground voxels of the training set. */
export interface Intensity {
  readonly mean: number;
  readonly std: number;
  readonly percentile005: number;
  readonly percentile995: number;
}

/** How the voxels of one channel are normalised. */
export interface ChannelNormalisation {
  readonly scheme: Scheme;
  /**
   * Normalise the hole-filled non-zero mask only. Acts on ZScoreNormalization alone, as in nnU-Net.
   */
  readonly useNonzeroMask: boolean;
  /** Present wherever the plan has it; CTNormalization always has it. */
  readonly intensity?: Intensity | undefined;
  /**
   * Percentiles of the grid that it is clipped to before ZScoreNormalization or
   * RescaleTo01Normalization, whose statistics are then those of the clipped values: low and high,
   * in percent.
   */
  readonly clipPercentiles?: readonly [number, number] | undefined;
  /** What follows the scheme: slope * v + intercept. The slope is above 0. */
  readonly rescale?: { readonly slope: number; readonly intercept: number } | undefined;
}

/** One channel of a scan: its name, and how it is normalised. */
export interface PlanChannel extends ChannelNormalisation {
  readonly name: string;
}

type RightLeft = 'R' | 'L';
type AnteriorPosterior = 'A' | 'P';
type SuperiorInferior = 'S' | 'I';

/** Where the voxel axes x, y and z run to, as nibabel's `aff2axcodes` names it: `RAS`, `LPS`. */
export type AxisCodes =
  | `${RightLeft}${AnteriorPosterior}${SuperiorInferior}`
  | `${RightLeft}${SuperiorInferior}${AnteriorPosterior}`
  | `${AnteriorPosterior}${RightLeft}${SuperiorInferior}`
  | `${AnteriorPosterior}${SuperiorInferior}${RightLeft}`
  | `${SuperiorInferior}${RightLeft}${AnteriorPosterior}`
  | `${SuperiorInferior}${AnteriorPosterior}${RightLeft}`;

/** How a grid is brought to another voxel size. */
export interface Resampling {
  /** Spline order of the image, in the plane where z is separate. */
  readonly order: 0 | 1 | 3;
  /** Order along a separate axis. */
  readonly orderZ: 0 | 1;
  /** null: decided by the anisotropy of the spacings. */
  readonly forceSeparateZ: boolean | null;
}

/**
 * Whose rules a header is read by: those of nnU-Net's SimpleITKIO, or of its NibabelIO. They differ
 * in what they make of slope and intercept, of units, and of a qform beside an sform.
 */
export type ImageReader = 'simpleitk' | 'nibabel';

/**
 * How a scan is made into what the network takes: everything that segcanary needs of a plan, and
 * nothing that it does not.
 */
export interface Plan {
  readonly configuration: string;
  /** Voxels of a patch along [z, y, x] of the network grid, that is after `transposeForward`. */
  readonly patchSize: Triple;
  /**
   * Target spacing in mm along [z, y, x] of the network grid; null where every scan is resized to
   * one shape, whatever its spacing.
   */
  readonly spacing: Triple | null;
  /**
   * Voxels along [z, y, x] of the network grid that every scan, or what is left of it after
   * cropping, is resized to. Present where `spacing` is null.
   */
  readonly resizeTo?: Triple | undefined;
  /** Axis i of the network grid is axis transposeForward[i] of the image. */
  readonly transposeForward: Triple;
  /** nnU-Net v2 normalises first, v1 resamples first. */
  readonly order: 'normalise-first' | 'resample-first';
  /**
   * Whether the image's axes are taken as the file stores them, or brought to RAS or other axis
   * codes first.
   */
  readonly reader: 'as-stored' | 'ras' | AxisCodes;
  /**
   * Whose rules headers are read by. Absent in detectors of earlier versions and in plan files that
   * do not say: nibabel's, with units honoured.
   */
  readonly imageReader?: ImageReader | undefined;
  readonly cropToNonzero: boolean;
  readonly channels: readonly PlanChannel[];
  readonly resampling: Resampling;
}

/** A code of a coding scheme, as DICOM and dcmqi's JSON name its parts. */
export interface Code {
  readonly CodeValue: string;
  readonly CodingSchemeDesignator: string;
  readonly CodeMeaning: string;
}

/** What a label means, in codes: the keys are those of dcmqi's JSON for segmentations. */
export interface SegmentCodes {
  readonly SegmentedPropertyCategoryCodeSequence: Code;
  readonly SegmentedPropertyTypeCodeSequence: Code;
  readonly SegmentedPropertyTypeModifierCodeSequence?: Code | undefined;
  readonly recommendedDisplayRGBValue?: readonly [number, number, number] | undefined;
}

/**
 * How logits become labels: what a segmentation needs of nnU-Net's files beyond what preparing a
 * scan needs.
 */
export interface SegmentationPlan {
  /** Names and values of dataset.json's labels, regions with all their values. */
  readonly labels: Readonly<Record<string, number | readonly number[]>>;
  /** What labels mean, where dataset.json says so under `segmentation_codes`. */
  readonly codes?: Readonly<Record<string, SegmentCodes>> | undefined;
  /** Outputs of the network: classes, or regions. */
  readonly heads: number;
  /**
   * Label that each region's output writes, in the order of the outputs; null where the outputs are
   * classes.
   */
  readonly regionsClassOrder: readonly number[] | null;
  readonly largestLabel: number;
  /**
   * What is averaged over mirrors, tiles and folds and resampled: nnU-Net v2's logits, v1's
   * probabilities.
   */
  readonly averages: 'logits' | 'probabilities';
  /** How logits are resampled to the scan's grid. */
  readonly resampling: Resampling;
}
