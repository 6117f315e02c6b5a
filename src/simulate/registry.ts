import { anotherBodyPart, flippedAxes } from './anatomy.js';
import { metalStreaks, motion, truncatedFov } from './artefacts.js';
import { contrastAgent, lowDose, rescaleIntercept, rescaleSlope, sharpKernel, thickSlices } from './intensities.js';
import { biasField, contrastInversion, gammaShift, intensityScale, ricianNoise } from './mr-intensities.js';
import { ghosting, mrMotion, spike } from './mr-k-space.js';
import { anisotropy, blur, crop } from './mr-sampling.js';
import type { Modality, Shift } from './shift.js';

/** Those of a CT. */
export const SHIFTS: readonly Shift[] = [
  lowDose,
  sharpKernel,
  thickSlices,
  rescaleIntercept,
  rescaleSlope,
  contrastAgent,
  metalStreaks,
  motion,
  truncatedFov,
  anotherBodyPart,
  flippedAxes,
];

const MR_SHIFTS: readonly Shift[] = [
  ricianNoise,
  biasField,
  ghosting,
  spike,
  mrMotion,
  blur,
  anisotropy,
  thickSlices,
  gammaShift,
  contrastInversion,
  crop,
  flippedAxes,
  intensityScale,
];

/** The shifts of a modality: `SHIFTS` for CT. */
export const shiftsFor = (modality: Modality): readonly Shift[] => (modality === 'ct' ? SHIFTS : MR_SHIFTS);

/** Every name, once. */
export const SHIFT_NAMES: readonly string[] = [...new Set([...SHIFTS, ...MR_SHIFTS].map(({ name }) => name))];
