import { anotherBodyPart, flippedAxes } from './anatomy.js';
import { metalStreaks, motion, truncatedFov } from './artefacts.js';
import { contrastAgent, lowDose, rescaleIntercept, rescaleSlope, sharpKernel, thickSlices } from './intensities.js';
import type { Shift } from './shift.js';

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

export const SHIFT_NAMES: readonly string[] = SHIFTS.map(({ name }) => name);
