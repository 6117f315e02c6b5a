import type { SourceHeader, Triple } from '../../chunks.js';

/**
 * What a NIfTI header says about where its voxels lie. Kept whole, so that a mask can be written in
 * the same geometry.
 */
export interface NiftiGeometry extends SourceHeader {
  readonly format: 'nifti';
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

/** Whether a scan's header is one that NIfTI's reader has kept. */
export const isNiftiGeometry = (header: SourceHeader): header is NiftiGeometry => header.format === 'nifti';

/** Whether a header has a qform or an sform, by whatever code. */
export const isPlaced = ({ qformCode, sformCode }: NiftiGeometry): boolean => qformCode !== 0 || sformCode !== 0;
