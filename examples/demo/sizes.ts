import type { CohortSizes } from '../phantom/cohort.js';

/**
 * As few scans as the point needs, for the sake of who waits. With 39 calibration scans the 95 %
 * boundary is no longer the largest score; one scan of each shift and severity. The test scans are
 * the first of those whose Dice nnU-Net measured (examples/phantom/model/dice.json).
 */
export const SIZES: CohortSizes = { train: 12, calibration: 39, test: 6, shifted: 1 };

/**
 * The distance between the patches of a segmentation as a fraction of the patch. nnU-Net's 0.5
 * makes 27 patches of a phantom, 0.95 makes 8, which is what there is time for.
 */
export const SEGMENTATION_STEP = 0.95;
