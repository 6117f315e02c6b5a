/** A CT channel whose clipped values are halved. */
import type { Plan, PlanChannel } from '../../src/plan.js';
export const ct: PlanChannel = {
  name: 'CT',
  scheme: 'CTNormalization',
  useNonzeroMask: false,
  intensity: { mean: 0, std: 2, percentile005: -10, percentile995: 10 },
};

/** A channel that is left as it is. */
export const pet: PlanChannel = { name: 'PET', scheme: 'NoNormalization', useNonzeroMask: false };

/** A channel that is standardised over its scan. */
export const mr: PlanChannel = { name: 'MR', scheme: 'ZScoreNormalization', useNonzeroMask: false };

/** The same inside the non-zero mask. */
export const maskedMr: PlanChannel = { ...mr, useNonzeroMask: true };

/** A plan with everything at rest but what is named: cropped, and one channel. */
export function planOf(change: Partial<Plan> = {}): Plan {
  return {
    configuration: 'test',
    patchSize: [8, 8, 8],
    spacing: [1, 1, 1],
    transposeForward: [0, 1, 2],
    order: 'normalise-first',
    reader: 'as-stored',
    cropToNonzero: true,
    channels: [maskedMr],
    resampling: { order: 3, orderZ: 0, forceSeparateZ: null },
    ...change,
  };
}
