import type { Triple } from '../../chunks.js';
import type { Warning } from '../../results.js';
import type { DicomHeader, FrameHeader } from './dicom-header.js';

/** One slice of a volume: a frame of a file. */
export interface VolumeSlice {
  readonly header: DicomHeader;
  readonly frame: FrameHeader;
  readonly position: Triple;
}

/** How a gantry tilt is taken out of a volume. */
export interface Untilt {
  /** Angle between the normal of the slices and the line of their first voxels, in degrees. */
  readonly degrees: number;
  /** Stored rows that slice i is shifted by, towards later rows where above 0. [slices]. */
  readonly shifts: Float64Array;
  /** Rows of the shifted slices: those of the frames, and as many as the shifts need. */
  readonly rows: number;
  /**
   * What stands where a slice does not reach, after slope and intercept: Pixel Padding Value. Null
   * where the slices say none; then it is the smallest value of the slice.
   */
  readonly padding: number | null;
}

/**
 * A series that makes a volume: its slices in the order along their normal (row x column, LPS), and
 * where they lie.
 */
export interface SeriesVolume {
  /** Name in messages: the path that a user gave. */
  readonly name: string;
  readonly slices: readonly VolumeSlice[];
  /** Direction of a row, then of a column, LPS. */
  readonly orientation: readonly [number, number, number, number, number, number];
  /** mm between rows, then between columns. */
  readonly pixelSpacing: readonly [number, number];
  /** Voxels along [z, y, x]; more rows than the frames have where a tilt is taken out. */
  readonly shape: Triple;
  /** mm along [z, y, x]. */
  readonly spacing: Triple;
  /**
   * Row-major 4x4 from voxel (x, y, z, 1), x along a row and z along the slices as they are ordered
   * here, to RAS+ mm.
   */
  readonly affine: readonly number[];
  readonly untilt: Untilt | null;
  /** What is probably wrong with it. */
  readonly warnings: readonly Warning[];
}
