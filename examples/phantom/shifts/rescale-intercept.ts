import { mapVoxels, type Shift } from './shift.js';

const OFFSET = [100, 400, 1024] as const;

/**
 * The rescale intercept was lost or applied wrongly: every value is off by a constant; with 1024,
 * air is at 0.
 */
export const rescaleIntercept: Shift = {
  name: 'rescale-intercept',
  grades: ['100 HU too high', '400 HU too high', '1024 HU too high'],
  apply: (phantom, severity) => mapVoxels(phantom, (hu) => hu + OFFSET[severity - 1]),
};
