import type { CohortSizes } from '../phantom/cohort.js';

/**
 * As many scans as a minute and a half on two slow cores takes. 19 calibration scans are what 95 %
 * needs; one scan of each shift and severity. The test scans are the first of those whose Dice
 * nnU-Net measured (examples/phantom/model/dice.json).
 */
export const SIZES: CohortSizes = { train: 24, calibration: 19, test: 6, shifted: 1 };

/**
 * The distance between patches as a fraction of the patch. nnU-Net's 0.5 makes 27 patches of a
 * phantom, 0.75 makes 18 in two thirds of the time, and the verdicts are the same. At 0.95 there
 * would be 8, and one of the unshifted test scans would be flagged.
 */
export const STEP = 0.75;
