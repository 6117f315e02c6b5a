import type { Triple } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import type { NiftiGeometry } from './geometry.js';

/**
 * What the affine depends on besides the geometry: voxels along [x, y, z], and the version, whose
 * floats set a tolerance.
 */
export interface AffineContext {
  readonly shape: Triple;
  readonly version: 1 | 2;
  /** For messages. */
  readonly name: string;
}

/**
 * Row-major 4x4 matrix from voxel (x, y, z, 1) to the header's world units, as nibabel chooses it:
 * sform if its code is a known one > 0, else qform likewise, else voxel sizes alone with x flipped
 * and the origin in the centre of the image. nifti-reader-js prefers the larger of the two codes
 * instead, and gives zeros where both are 0.
 *
 * Source: nibabel nifti1.py get_best_affine and the header checks before it; volumeutils.py
 * shape_zoom_affine.
 *
 * @throws SegcanaryError `nifti-invalid` when the qform is needed and its quaternion is longer than
 *   1
 */
export function bestAffine(geometry: NiftiGeometry, context: AffineContext): number[] {
  if (isKnownCode(geometry.sformCode)) return [...geometry.srow, 0, 0, 0, 1];
  if (isKnownCode(geometry.qformCode)) return qformAffine(geometry, context);
  const zooms = [-voxelSize(geometry, 1), voxelSize(geometry, 2), voxelSize(geometry, 3)];
  return compose(
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    zooms,
    zooms.map((zoom, i) => (-zoom * (context.shape[i] - 1)) / 2),
  );
}

/** nibabel sets codes that the standard does not define to 0. */
function isKnownCode(code: number): boolean {
  return code >= 1 && code <= 5;
}

/** |pixdim[axis]|, 1 where it is 0: nibabel's repair of such headers. */
function voxelSize(geometry: NiftiGeometry, axis: number): number {
  return Math.abs(geometry.pixdim[axis]) || 1;
}

function qformAffine(geometry: NiftiGeometry, { version, name }: AffineContext): number[] {
  const [x, y, z] = geometry.quatern;
  const w2 = 1 - (x * x + y * y + z * z);
  // Three epsilons of the floats that the header stores.
  const tolerance = 3 * (version === 1 ? 2 ** -23 : 2 ** -52);
  if (!(w2 >= -tolerance)) {
    throw new SegcanaryError(
      'nifti-invalid',
      'the qform of the NIfTI header is not a rotation (its quaternion is longer than 1); repair the header or give it an sform.',
      { subject: name },
    );
  }
  const w = Math.abs(w2) < tolerance ? 0 : Math.sqrt(w2);
  const qfac = geometry.pixdim[0] === -1 ? -1 : 1;
  const zooms = [voxelSize(geometry, 1), voxelSize(geometry, 2), voxelSize(geometry, 3) * qfac];
  return compose(rotationOf(w, x, y, z), zooms, geometry.qoffset);
}

/**
 * Row-major 3x3 rotation of a quaternion, which need not have length 1. Source: nibabel
 * quaternions.py quat2mat.
 */
function rotationOf(w: number, x: number, y: number, z: number): number[] {
  const s = 2 / (w * w + x * x + y * y + z * z);
  return [
    1 - s * (y * y + z * z),
    s * (x * y - w * z),
    s * (x * z + w * y),
    s * (x * y + w * z),
    1 - s * (x * x + z * z),
    s * (y * z - w * x),
    s * (x * z - w * y),
    s * (y * z + w * x),
    1 - s * (x * x + y * y),
  ];
}

function compose(rotation: readonly number[], zooms: readonly number[], origin: readonly number[]): number[] {
  const affine: number[] = [];
  // `+ 0` turns -0 into 0.
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) affine.push(rotation[row * 3 + column] * zooms[column] + 0);
    affine.push(origin[row]);
  }
  return [...affine, 0, 0, 0, 1];
}

/**
 * The geometry of a new file from its affine (row-major 4x4, voxel (x, y, z, 1) to RAS+ mm): sform
 * always, qform where the axes are orthogonal. Both are written because readers differ in which
 * they trust. Codes are 1, scanner coordinates.
 */
export function geometryOf(affine: readonly number[]): NiftiGeometry {
  const column = (c: number) => [affine[c], affine[4 + c], affine[8 + c]] as const;
  const sizes = [0, 1, 2].map((c) => Math.hypot(...column(c)));
  const unit = [0, 1, 2].map((c) => column(c).map((v) => v / sizes[c]));
  const dot = (a: readonly number[], b: readonly number[]) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const [ux, uy, uz] = unit as [number[], number[], number[]];
  const cross = [ux[1] * uy[2] - ux[2] * uy[1], ux[2] * uy[0] - ux[0] * uy[2], ux[0] * uy[1] - ux[1] * uy[0]];
  const qfac = dot(cross, uz) < 0 ? -1 : 1;
  const orthogonal = Math.max(Math.abs(dot(ux, uy)), Math.abs(dot(ux, uz)), Math.abs(dot(uy, uz))) < 1e-5;
  const quatern = quaternionOf([ux, uy, uz.map((v) => v * qfac)]);
  return {
    format: 'nifti',
    pixdim: [qfac, ...sizes, 1, 1, 1, 1],
    qformCode: orthogonal ? 1 : 0,
    sformCode: 1,
    quatern: orthogonal ? quatern : [0, 0, 0],
    qoffset: [affine[3], affine[7], affine[11]],
    srow: affine.slice(0, 12),
    xyztUnits: 2,
  };
}

/**
 * Vector part [b, c, d] of the quaternion with a >= 0 of a proper rotation given by its columns.
 * The largest of a, b, c, d is found first and the others by dividing by it, which stays accurate
 * for half turns. Source: nifti1_io.c nifti_mat44_to_quatern.
 */
function quaternionOf(columns: readonly (readonly number[])[]): Triple {
  const m = (row: number, column: number) => columns[column][row];
  const squares = [
    1 + m(0, 0) + m(1, 1) + m(2, 2),
    1 + m(0, 0) - m(1, 1) - m(2, 2),
    1 - m(0, 0) + m(1, 1) - m(2, 2),
    1 - m(0, 0) - m(1, 1) + m(2, 2),
  ];
  const largest = squares.indexOf(Math.max(...squares));
  const h = Math.sqrt(squares[largest]);
  const wx = m(2, 1) - m(1, 2);
  const wy = m(0, 2) - m(2, 0);
  const wz = m(1, 0) - m(0, 1);
  const xy = m(0, 1) + m(1, 0);
  const xz = m(0, 2) + m(2, 0);
  const yz = m(1, 2) + m(2, 1);
  const rows = [
    [h * h, wx, wy, wz],
    [wx, h * h, xy, xz],
    [wy, xy, h * h, yz],
    [wz, xz, yz, h * h],
  ];
  const [a, b, c, d] = rows[largest].map((v) => v / (2 * h)) as [number, number, number, number];
  // `|| 0` turns -0 into 0.
  return a < 0 ? [-b || 0, -c || 0, -d || 0] : [b, c, d];
}
