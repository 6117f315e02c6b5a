import type { SourceHeader, Triple } from '../../chunks.js';
import type { FileRange } from '../../files/file-range.js';

/** A frame that a slice was read from. */
export interface SourceFrame {
  readonly file: FileRange;
  readonly sopClass: string;
  readonly sopInstance: string;
  /** Counted from 1, as DICOM does; null in a single-frame object. */
  readonly frame: number | null;
  /** Image Position (Patient), LPS mm. */
  readonly position: Triple;
}

/**
 * Where the slices of a scan come from in a DICOM series. Kept whole, so that a result can refer to
 * the series, and lie on its frames.
 */
export interface DicomSource extends SourceHeader {
  readonly format: 'dicom';
  readonly study: string;
  readonly series: string;
  readonly frameOfReference: string | null;
  readonly modality: string;
  /** One a slice, in the order of the slices: z ascending. */
  readonly frames: readonly SourceFrame[];
  /** Direction of a stored row, then of a stored column, LPS. */
  readonly orientation: readonly [number, number, number, number, number, number];
  /** mm between stored rows, then between stored columns. */
  readonly pixelSpacing: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
  /** Whether slices have their rows, and their columns, in the opposite order of the frames. */
  readonly flipped: readonly [y: boolean, x: boolean];
  /**
   * Whether rows were shifted against a gantry tilt: the slices then have a matrix of their own,
   * and lie on no frame.
   */
  readonly isUntilted: boolean;
}

/** Whether a scan's header is one that DICOM's reader has kept. */
export const isDicomSource = (header: SourceHeader): header is DicomSource => header.format === 'dicom';
