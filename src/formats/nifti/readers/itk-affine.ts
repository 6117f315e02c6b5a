import { SegcanaryError } from '../../../errors.js';
import { type AffineContext, bestAffine } from '../affine.js';
import type { NiftiGeometry } from '../geometry.js';

/**
 * The affine as ITK chooses it: the sform where its axes are at right angles and it is the only
 * one, in scanner coordinates (code 1) or the same as the qform; else the qform. Only directions
 * and origin are theirs, the voxel size is always pixdim, and a negative one turns its axis around.
 * A scan without either form lies at the origin with its axes along L, P and S.
 *
 * Source: ITK 5.4 itkNiftiImageIO.cxx `SetImageIOOrientationFromNIfTI`; codes are nifti1_io.c's,
 * for which everything above 0 is one.
 *
 * @throws SegcanaryError `nifti-invalid` where there is an sform alone and its axes are not at
 *   right angles
 */
export function itkAffine(geometry: NiftiGeometry, context: AffineContext): number[] {
  const sizes = geometry.pixdim.slice(1, 4);
  const hasQform = geometry.qformCode > 0;
  const hasSform = geometry.sformCode > 0;
  if (!hasQform && !hasSform) {
    const [x, y, z] = sizes;
    return [-x, 0, 0, 0, 0, -y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1];
  }
  const sform = hasSform ? [...geometry.srow, 0, 0, 0, 1] : null;
  if (sform && isOrthogonal(sform)) {
    if (!hasQform || geometry.sformCode === 1 || isSimilar(sform, qformOf(geometry, context)))
      return withSizes(sform, sizes);
  }
  if (hasQform) return withSizes(qformOf(geometry, context), sizes);
  throw new SegcanaryError(
    'nifti-invalid',
    "the axes of its sform are not at right angles and there is no qform, which SimpleITK refuses, the reader of the model's plan; resample the scan to a grid at right angles.",
    { subject: context.name },
  );
}

/** The qform alone, whatever its code; ITK takes every qfac below 0 for -1. */
function qformOf(geometry: NiftiGeometry, context: AffineContext): number[] {
  const [qfac, ...rest] = geometry.pixdim;
  const pixdim = [qfac < 0 ? -1 : 1, ...rest];
  return bestAffine({ ...geometry, pixdim, qformCode: 1, sformCode: 0 }, context);
}

/** Columns to unit length and back to the length of pixdim. */
function withSizes(affine: readonly number[], sizes: readonly number[]): number[] {
  const lengths = lengthsOf(affine);
  return affine.map((value, i) => (i < 12 && i % 4 < 3 ? (value / lengths[i % 4]) * sizes[i % 4] : value));
}

/** ITK's test: the matrix of unit columns times its transpose is the identity within 1e-4. */
function isOrthogonal(affine: readonly number[]): boolean {
  const lengths = lengthsOf(affine);
  const unit = (row: number, column: number) => affine[4 * row + column] / lengths[column];
  for (let a = 0; a < 3; a++)
    for (let b = 0; b < 3; b++) {
      const product = [0, 1, 2].reduce((sum, column) => sum + unit(a, column) * unit(b, column), 0);
      // Not so either for NaN, of columns of length 0.
      if (!(Math.abs(product - (a === b ? 1 : 0)) <= 1e-4)) return false;
    }
  return true;
}

/** ITK compares parts of singular value decompositions, which agree where the matrices do. */
const isSimilar = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((value, i) => Math.abs(value - b[i]) <= 1e-4);

const lengthsOf = (affine: readonly number[]): number[] =>
  [0, 1, 2].map((column) => Math.hypot(affine[column], affine[4 + column], affine[8 + column]));
