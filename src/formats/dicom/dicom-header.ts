import type { Triple } from '../../chunks.js';
import type { FileRange } from '../../files/file-range.js';

/** How the pixels of a DICOM file are stored, and where. */
export interface StoredPixels {
  /** UID of the transfer syntax. */
  readonly transferSyntax: string;
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometric: string;
  /** `integer`: Pixel Data; `float` and `double`: Float and Double Float Pixel Data. */
  readonly type: 'integer' | 'float' | 'double';
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly isSigned: boolean;
  readonly frames: number;
  /** Pixel Padding Value, a stored value; null where the file does not say. */
  readonly padding?: number | null;
  /**
   * First byte of the value, or of the basic offset table's item where pixels are encapsulated,
   * counted from the first byte of the file; of a deflated file, of the file once it is inflated.
   */
  readonly valueOffset: number;
  /** Bytes of the value; null where it is encapsulated, or of undefined length. */
  readonly valueLength: number | null;
}

/** One frame of a file, where it lies and what its numbers mean. Single-frame files have one. */
export interface FrameHeader {
  /** Counted from 0. */
  readonly index: number;
  /** Image Position (Patient): centre of the first voxel, LPS mm. Null where it is not said. */
  readonly position: Triple | null;
  /** Image Orientation (Patient): direction of a row, then of a column, LPS. */
  readonly orientation: readonly [number, number, number, number, number, number] | null;
  /** Pixel Spacing: mm between rows, then between columns. */
  readonly pixelSpacing: readonly [number, number] | null;
  readonly sliceThickness: number | null;
  /** value = slope * stored + intercept; 1 and 0 where the file does not say. */
  readonly slope: number;
  readonly intercept: number;
  /** Unit that the slope gives, as `HU`; null where the file does not say. */
  readonly unit: string | null;
  readonly instanceNumber: number | null;
  /** By what frames at one place differ. */
  readonly dimensions?: FrameDimensions | undefined;
}

/**
 * By what the frames of a series that lie at one place may differ: those of one volume have all of
 * it in common. Each is null where the file does not say.
 */
export interface FrameDimensions {
  readonly stack: string | null;
  /** Temporal Position Identifier, or Index. */
  readonly temporal: number | null;
  /** ms */
  readonly echoTime: number | null;
  /** s/mm2 */
  readonly bValue: number | null;
  /** ms */
  readonly triggerTime: number | null;
  readonly acquisition: number | null;
  /** Dimension Index Values of a multi-frame object; empty elsewhere. */
  readonly indices: readonly number[];
  /** Frame Type of a multi-frame object, as `ORIGINAL\PRIMARY\VOLUME\NONE`. */
  readonly type: string | null;
}

/** What the header of a DICOM file says, as far as a series is made of it. No patient is in it. */
export interface DicomHeader {
  readonly file: FileRange;
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly study: string;
  readonly series: string;
  readonly frameOfReference: string | null;
  readonly modality: string;
  readonly imageType: readonly string[];
  readonly seriesNumber: number | null;
  readonly seriesDescription: string | null;
  readonly kernel: string | null;
  /** What made it; site and scanner are told from it. */
  readonly equipment: {
    readonly institution: string | null;
    readonly manufacturer: string | null;
    readonly model: string | null;
    readonly station: string | null;
  };
  /** Lossy Image Compression, or a lossy transfer syntax. */
  readonly isLossy: boolean;
  /** Null where the object holds no pixels. */
  readonly pixels: StoredPixels | null;
  readonly frames: readonly FrameHeader[];
}
