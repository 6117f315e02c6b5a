import type { Triple } from '../../chunks.js';
import { axesTowards, axisCodes, isAxisCodes } from '../../maths/volume/axis-codes.js';
import { type AxisMap, rasAxes, turnedAffine } from '../../maths/volume/orientation.js';

/** How the slices of a volume are laid out. */
export interface Layout {
  /** Whether z, y and x run against the order of the series, of stored rows and of columns. */
  readonly flipped: readonly [boolean, boolean, boolean];
  /** Row-major 4x4 from voxel (x, y, z, 1) of the slices that are given to RAS+ mm. */
  readonly affine: readonly number[];
}

/**
 * Lays a volume out. DICOM does not say which way the axes of a scan run, and what converts it
 * decides: dcm2niix turns rows round, SimpleITK and dicom2nifti do not. A network whose reader does
 * not turn scans sees a mirrored patient where the training scans were converted otherwise. So
 * where those all have one order of axes, and flips alone bring this one to it, they are flipped.
 * Where they have several or are not known, the axes run to LPS, as those of most converted scans
 * do, unless some training scans run as this one does. What flips do not bring there is left: x
 * along a row, y along a column and z along their normal.
 *
 * @param affine from voxel (x, y, z, 1) as stored
 * @param shape voxels along [z, y, x]
 * @param orientations axis codes of the training scans
 */
export function layOut(affine: readonly number[], shape: Triple, orientations: readonly string[] = []): Layout {
  const isKnown = orientations.includes(axisCodes(affine) ?? '');
  const map = isKnown ? null : flipsTowards(affine, orientations.length === 1 ? orientations[0] : 'LPS');
  if (map === null) return { flipped: [false, false, false], affine };
  // No -0.
  return { flipped: map.flipped, affine: turnedAffine(affine, shape, map).map((v) => v + 0) };
}

/** The flips that bring the axes to those of the codes; null where flips alone do not. */
function flipsTowards(affine: readonly number[], codes: string): AxisMap | null {
  const ras = rasAxes(affine);
  if (ras === null || !isAxisCodes(codes) || axisCodes(affine) === codes) return null;
  const map = axesTowards(ras, codes);
  return map.axes.every((axis, i) => axis === i) ? map : null;
}

/** Turns the rows of a plane round, and its columns, in place. [rows, columns], C order. */
export function flipPlane(plane: Float32Array, columns: number, rowsToo: boolean, columnsToo: boolean): void {
  if (rowsToo && columnsToo) plane.reverse();
  else if (columnsToo) for (let at = 0; at < plane.length; at += columns) plane.subarray(at, at + columns).reverse();
  else if (rowsToo) {
    const kept = new Float32Array(columns);
    for (let top = 0, bottom = plane.length - columns; top < bottom; top += columns, bottom -= columns) {
      kept.set(plane.subarray(top, top + columns));
      plane.copyWithin(top, bottom, bottom + columns);
      plane.set(kept, bottom);
    }
  }
}
