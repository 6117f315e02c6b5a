import { SegcanaryError } from '../../../errors.js';
import { bestAffine } from '../affine.js';
import type { ReaderRules } from './reader-rules.js';

/**
 * nnU-Net's NibabelIO and NibabelIOWithReorient. Slope and intercept count where the slope is
 * finite and not 0; a slope with an intercept that is no number is refused. Units are not looked
 * at: nnU-Net takes the zooms of the header for millimetres.
 *
 * Source: nibabel 5.4 nifti1.py `get_slope_inter`, `get_best_affine`; nnunetv2
 * imageio/nibabel_reader_writer.py.
 */
export const nibabelRules: ReaderRules = {
  scaling({ slope, intercept }, name) {
    if (slope === 0 || !Number.isFinite(slope)) return { slope: 1, intercept: 0 };
    if (Number.isFinite(intercept)) return { slope, intercept };
    throw new SegcanaryError(
      'nifti-invalid',
      `the header has a slope of ${slope} but an intercept that is not a number; repair the header.`,
      { subject: name },
    );
  },
  roundsFirst: false,
  millimetres: () => 1,
  affine: bestAffine,
};
