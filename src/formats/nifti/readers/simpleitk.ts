import { itkAffine } from './itk-affine.js';
import type { ReaderRules } from './reader-rules.js';
import { millimetresOf } from './units.js';

/**
 * nnU-Net's SimpleITKIO, and nnU-Net v1. What is no finite number is 0; a slope of 0 is 1, with
 * the intercept applied; nothing is applied where that would change nothing. Integers become
 * float32 first. Lengths are in the header's unit.
 *
 * Source: ITK 5.4 itkNiftiImageIO.cxx `ReadImageInformation`, `MustRescale`, `Read`; nifti1_io.c
 * `nifti_convert_nhdr2nim` (FIXED_FLOAT).
 */
export const simpleItkRules: ReaderRules = {
  scaling({ slope: stored, intercept: added }) {
    const known = finite(stored);
    const slope = Math.abs(known) < EPSILON ? 1 : known;
    const intercept = finite(added);
    const isIdentity = Math.abs(slope - 1) <= EPSILON && Math.abs(intercept) <= EPSILON;
    return isIdentity ? { slope: 1, intercept: 0 } : { slope, intercept };
  },
  roundsFirst: true,
  millimetres: millimetresOf,
  affine: itkAffine,
};

/** The difference of 1 and the next double. */
const EPSILON = 2 ** -52;

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
