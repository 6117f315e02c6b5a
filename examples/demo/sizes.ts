import type { CohortSizes } from '../phantom/cohort.js';

/**
 * As few scans as the point needs, for the sake of who waits. 19 calibration scans are what 95 %
 * needs; one scan of each shift and severity. The test scans are the first of those whose Dice
 * nnU-Net measured (examples/phantom/model/dice.json).
 */
export const SIZES: CohortSizes = { train: 12, calibration: 19, test: 6, shifted: 1 };

/**
 * The distance between patches as a fraction of the patch. nnU-Net's 0.5 makes 27 patches of a
 * phantom, 0.95 makes 8.
 */
export const STEP = 0.95;
