import { quantumNoise } from '../quantum-noise.js';
import { random } from '../random.js';
import { mapVoxels, type Shift } from './shift.js';

const DEVIATION = [60, 130, 260] as const;

/** Fewer photons: the noise of a scan at a fraction of the dose. */
export const lowDose: Shift = {
  name: 'low-dose',
  grades: ['60 HU of noise more', '130 HU of noise more', '260 HU of noise more'],
  apply(phantom, severity, seed) {
    const noise = quantumNoise(phantom.shape, 1, random(seed));
    return mapVoxels(phantom, (hu, i) => hu + DEVIATION[severity - 1] * noise[i]);
  },
};
