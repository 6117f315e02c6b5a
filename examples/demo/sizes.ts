import type { CohortSizes } from '../phantom/cohort.js';

/**
 * As many scans as three minutes on two cores take. 20 calibration scans are one more than 95 %
 * needs; one scan of each shift and severity. The test scans are the first of those whose Dice
 * nnU-Net measured (examples/phantom/model/dice.json).
 */
export const SIZES: CohortSizes = { train: 32, calibration: 20, test: 6, shifted: 1 };
