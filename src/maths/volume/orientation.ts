import type { Triple } from '../../chunks.js';

/**
 * How the axes of one grid lie on another's: axis i runs along axis axes[i] of the other, against
 * it where flipped[i].
 */
export interface AxisMap {
  readonly axes: Triple;
  readonly flipped: readonly [boolean, boolean, boolean];
}

/**
 * The permutation and flips that bring a scan's axes closest to R, A and S, in [z, y, x] order:
 * axis 0 of the result runs to S, 1 to A, 2 to R.
 *
 * The affine's nearest orthogonal matrix decides (polar decomposition, here by Newton's iteration);
 * the axis that is most clearly along one direction is assigned first. Source: nibabel
 * orientations.py, `io_orientation`.
 *
 * @param affine row-major 4x4, voxel (x, y, z, 1) to RAS+ mm
 * @returns null where the affine is singular
 */
export function rasAxes(affine: readonly number[]): AxisMap | null {
  const rotation = nearestRotation(affine);
  if (rotation === null) return null;
  const strength = [0, 1, 2].map((column) => Math.max(...[0, 1, 2].map((row) => rotation[3 * row + column] ** 2)));
  const columns = [0, 1, 2].sort((a, b) => strength[b] - strength[a] || a - b);
  const axes: [number, number, number] = [0, 0, 0];
  const flipped: [boolean, boolean, boolean] = [false, false, false];
  const free = new Set([0, 1, 2]);
  for (const column of columns) {
    const [row] = [...free].sort(
      (a, b) => Math.abs(rotation[3 * b + column]) - Math.abs(rotation[3 * a + column]) || a - b,
    );
    free.delete(row);
    // World axis R, A, S is row 0, 1, 2 and lies along x, y, z: axis 2, 1, 0 of a [z, y, x] grid.
    axes[2 - row!] = 2 - column;
    flipped[2 - row] = rotation[3 * row + column] < 0;
  }
  return { axes, flipped };
}

/**
 * Length in mm of one step along [z, y, x], from the affine's columns, rounded to float32 as
 * nibabel stores it in a reoriented header.
 */
export function affineSpacing(affine: readonly number[]): Triple {
  const length = (column: number): number =>
    Math.fround(Math.sqrt(affine[column] ** 2 + affine[4 + column] ** 2 + affine[8 + column] ** 2));
  return [length(2), length(1), length(0)];
}

/** Whether a map leaves every axis where it is, and its direction too. */
export const isUnmoved = ({ axes, flipped }: AxisMap): boolean => axes.every((axis, i) => axis === i && !flipped[i]);

/**
 * The map that brings the axes of one scan to those of another, where both are known by what brings
 * them to the same third grid: axis i of the other scan runs along axis axes[i] of the one.
 */
export function mapBetween(one: AxisMap, other: AxisMap): AxisMap {
  const axes: [number, number, number] = [0, 0, 0];
  const flipped: [boolean, boolean, boolean] = [false, false, false];
  other.axes.forEach((axis, i) => {
    axes[axis] = one.axes[i];
    flipped[axis] = one.flipped[i] !== other.flipped[i];
  });
  return { axes, flipped };
}

/**
 * The affine of a scan whose axes have been permuted and flipped.
 *
 * @param affine row-major 4x4, voxel (x, y, z, 1) to RAS+ mm
 * @param shape voxels along [z, y, x], before
 */
export function turnedAffine(affine: readonly number[], shape: Triple, { axes, flipped }: AxisMap): number[] {
  const turned = [...affine];
  axes.forEach((axis, i) => {
    // Axis i of [z, y, x] is column 2 - i.
    const [from, to] = [2 - axis, 2 - i];
    for (let row = 0; row < 12; row += 4) {
      const step = affine[row + from];
      turned[row + to] = flipped[i] ? -step : step;
      if (flipped[i]) turned[row + 3] += step * (shape[axis] - 1);
    }
  });
  return turned;
}

/** Orthogonal factor of the affine's 3x3 part with its columns scaled to unit length; row-major. */
function nearestRotation(affine: readonly number[]): number[] | null {
  const lengths = [0, 1, 2].map((c) => Math.hypot(affine[c], affine[4 + c], affine[8 + c]));
  let q = [0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => affine[4 * r + c] / lengths[c]));
  for (let iteration = 0; iteration < 100; iteration++) {
    const inverse = inverseTransposed(q);
    if (inverse === null) return null;
    const next = q.map((value, i) => (value + inverse[i]) / 2);
    const change = Math.max(...next.map((value, i) => Math.abs(value - q[i])));
    q = next;
    if (change < 1e-14) break;
  }
  return q;
}

function inverseTransposed(m: readonly number[]): number[] | null {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  const cofactors = [
    e * i - f * h,
    f * g - d * i,
    d * h - e * g,
    c * h - b * i,
    a * i - c * g,
    b * g - a * h,
    b * f - c * e,
    c * d - a * f,
    a * e - b * d,
  ];
  const determinant = a * cofactors[0] + b * cofactors[1] + c * cofactors[2];
  // Columns have unit length, so this is the sine of a solid angle: below it two axes coincide. NaN
  // lands here too.
  if (!(Math.abs(determinant) > 1e-9)) return null;
  return cofactors.map((value) => value / determinant);
}
