import type { Triple } from '../../chunks.js';
import { roundHalfToEven } from '../round.js';

/**
 * max / min spacing above which nnU-Net resamples the coarse axis on its own. nnunetv2
 * configuration.py, ANISO_THRESHOLD.
 */
const anisotropyThreshold = 3;

/**
 * Voxels after resampling: round(old spacing / new spacing * voxels), half to even. nnunetv2
 * `compute_new_shape`.
 */
export function resampledShape(shape: Triple, spacing: Triple, target: Triple): Triple {
  const along = (axis: 0 | 1 | 2): number => roundHalfToEven((spacing[axis] / target[axis]) * shape[axis]);
  return [along(0), along(1), along(2)];
}

/**
 * The axis that is resampled on its own, or null. The scan's spacing decides first, the target's
 * where the scan's is isotropic enough; two or three axes that tie for the coarsest: none. nnunetv2
 * `determine_do_sep_z_and_axis`.
 *
 * @param force the plan's force_separate_z: true looks at the scan's spacing whatever its
 *   anisotropy, false never separates
 */
export function separateAxisOf(spacing: Triple, target: Triple, force: boolean | null): 0 | 1 | 2 | null {
  if (force === false) return null;
  if (force === true || isAnisotropic(spacing)) return coarsestAxis(spacing);
  return isAnisotropic(target) ? coarsestAxis(target) : null;
}

function isAnisotropic(spacing: Triple): boolean {
  return Math.max(...spacing) / Math.min(...spacing) > anisotropyThreshold;
}

function coarsestAxis(spacing: Triple): 0 | 1 | 2 | null {
  const coarsest = Math.max(...spacing);
  // Compared by quotient, as nnU-Net does.
  const axes = ([0, 1, 2] as const).filter((axis) => coarsest / spacing[axis] === 1);
  return axes.length === 1 ? axes[0] : null;
}
