import type { Tiling, Triple } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { roundHalfToEven } from '../round.js';

/**
 * First voxels of the sliding-window patches along one axis.
 *
 * n = ceil((size - patch) / (patch * step)) + 1 patches; origin i = round(i * (size - patch) / (n -
 * 1)), ties to even. Source: nnunetv2/inference/sliding_window_prediction.py,
 * compute_steps_for_sliding_window.
 *
 * @param size voxels of the padded image along the axis, at least `patch`
 * @param patch voxels of a patch along the axis
 * @param step the distance between patches as a fraction of the patch, in (0, 1]
 */
export function tileOrigins(size: number, patch: number, step: number): number[] {
  const count = Math.ceil((size - patch) / (patch * step)) + 1;
  const distance = count > 1 ? (size - patch) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => roundHalfToEven(distance * i));
}

/**
 * Lays nnU-Net's sliding window over a grid, padding the grid up to the patch size where it is
 * smaller. Padding is centred, the odd voxel behind (acvl_utils pad_nd_image: d // 2 before, d // 2
 * + d % 2 behind).
 *
 * @throws SegcanaryError `usage` when the step is not in (0, 1]
 */
export function layTiles(shape: Triple, patchSize: Triple, step: number): Tiling {
  if (!(step > 0 && step <= 1)) {
    throw new SegcanaryError(
      'usage',
      `The step size is ${step}; give a number above 0 and at most 1 (nnU-Net's is 0.5).`,
    );
  }
  const perAxis = <T>(f: (axis: number) => T): [T, T, T] => [f(0), f(1), f(2)];
  const padded = perAxis((a) => Math.max(shape[a], patchSize[a]));
  return {
    patchSize,
    padded,
    before: perAxis((a) => Math.floor((padded[a] - shape[a]) / 2)),
    origins: perAxis((a) => tileOrigins(padded[a], patchSize[a], step)),
  };
}

/** How many patches the sliding window has. */
export function patchCount(tiling: Tiling): number {
  return tiling.origins[0].length * tiling.origins[1].length * tiling.origins[2].length;
}
