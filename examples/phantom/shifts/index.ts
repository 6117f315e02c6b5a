import { flippedZ } from './flipped-z.js';
import { lowDose } from './low-dose.js';
import { mrContrast } from './mr-contrast.js';
import { rescaleIntercept } from './rescale-intercept.js';
import type { Shift } from './shift.js';
import { thickSlices } from './thick-slices.js';

export type { Severity, Shift } from './shift.js';

/** Every shift that the demo knows. */
export const SHIFTS: readonly Shift[] = [lowDose, thickSlices, rescaleIntercept, flippedZ, mrContrast];
