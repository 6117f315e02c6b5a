import { rasAxes } from './orientation.js';

/** Ends of the world's axes R, A and S, and what lies opposite. */
const ends = ['RL', 'AP', 'SI'] as const;

/**
 * Where the voxel axes x, y, z of a scan run to, as three letters (`LPS`: x to the left, y to the
 * back, z up): nibabel's `aff2axcodes`.
 *
 * @param affine row-major 4x4, voxel (x, y, z, 1) to RAS+ mm
 * @returns null where the affine is singular
 */
export function axisCodes(affine: readonly number[]): string | null {
  const map = rasAxes(affine);
  if (map === null) return null;
  const codes = ['', '', ''];
  // Axis i of the result runs to S, A, R; both count [z, y, x].
  map.axes.forEach((axis, i) => {
    codes[2 - axis] = ends[2 - i][map.flipped[i] ? 1 : 0];
  });
  return codes.join('');
}
