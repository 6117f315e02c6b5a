import { metalStreaks, motion, truncatedFov } from './artefacts.js';
import { contrastAgent, lowDose, rescaleIntercept, rescaleSlope, sharpKernel } from './intensities.js';
import type { Shift } from './shift.js';

export const SHIFTS: readonly Shift[] = [
  lowDose,
  sharpKernel,
  rescaleIntercept,
  rescaleSlope,
  contrastAgent,
  metalStreaks,
  motion,
  truncatedFov,
];

export const SHIFT_NAMES: readonly string[] = SHIFTS.map(({ name }) => name);
