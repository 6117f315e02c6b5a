import type { AxisCodes } from '../../plan.js';
import { type AxisMap, rasAxes } from './orientation.js';

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

/** Whether three letters name three axes, one of each pair of ends: `LPS` does, `LRS` does not. */
export const isAxisCodes = (codes: string): codes is AxisCodes =>
  codes.length === 3 && ends.every((pair) => [...codes].filter((letter) => pair.includes(letter)).length === 1);

/**
 * The permutation and flips that bring a scan's axes closest to those of the codes, in [z, y, x]
 * order.
 *
 * @param ras what brings them to RAS: `rasAxes`
 * @param codes where x, y and z are to run to
 */
export function axesTowards(ras: AxisMap, codes: AxisCodes): AxisMap {
  const along = <T>(of: (world: number, backwards: boolean) => T): [T, T, T] => {
    const axis = (i: number): T => {
      const world = ends.findIndex((pair) => pair.includes(codes[2 - i]));
      return of(2 - world, codes[2 - i] === ends[world][1]);
    };
    return [axis(0), axis(1), axis(2)];
  };
  return {
    axes: along((i) => ras.axes[i]),
    flipped: along((i, backwards) => ras.flipped[i] !== backwards),
  };
}
