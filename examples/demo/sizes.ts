import type { CohortSizes } from '../phantom/cohort.js';

/**
 * 20 calibration scans are one more than 95 % needs. The 12 test scans and one scan of each shift and severity are those whose Dice nnU-Net measured
 * (examples/phantom/model/dice.json).
 */
export const SIZES: CohortSizes = { train: 52, calibration: 20, test: 12, shifted: 1 };
