import type { AffineContext } from '../affine.js';
import type { NiftiFields } from '../fields.js';
import type { NiftiGeometry } from '../geometry.js';

/** value = slope * stored + intercept. */
export interface Scaling {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * What an image reader of nnU-Net makes of those fields of a header that the readers do not agree
 * on. One file each, with its source.
 */
export interface ReaderRules {
  /**
   * The scaling that it applies; 1 and 0 for none.
   *
   * @throws SegcanaryError `nifti-invalid` where it refuses the fields
   */
  scaling(fields: Pick<NiftiFields, 'slope' | 'intercept'>, name: string): Scaling;
  /** Whether integers are rounded to float32 before slope and intercept are applied. */
  readonly roundsFirst: boolean;
  /** Millimetres in a unit of the header, by its xyzt_units. */
  millimetres(xyztUnits: number): number;
  /**
   * Row-major 4x4 matrix from voxel (x, y, z, 1) to the header's units.
   *
   * @throws SegcanaryError `nifti-invalid` where it refuses the header for it
   */
  affine(geometry: NiftiGeometry, context: AffineContext): number[];
}
