import { noise } from '../noise.js';
import { random } from '../random.js';
import { mix } from '../shapes.js';
import { mapVoxels, type Shift } from './shift.js';

const SHARE = [0.25, 0.55, 1] as const;

/** Signal of a T1-weighted sequence for the tissue that a HU value stands for; linear between. */
const T1: readonly (readonly [hu: number, signal: number])[] = [
  [-1100, 5],
  [-900, 20],
  [-500, 90],
  [-150, 420],
  [-80, 430],
  [0, 130],
  [60, 210],
  [150, 160],
  [400, 40],
  [3100, 20],
];

/**
 * Another modality's contrast, mixed in by the severity: fat bright, bone dark, air 0, shaded by a
 * coil.
 */
export const mrContrast: Shift = {
  name: 'mr-contrast',
  grades: ['25 % of an MR-like contrast', '55 % of an MR-like contrast', 'MR-like contrast'],
  apply(phantom, severity, seed) {
    const shading = noise(random(seed));
    const [, height, width] = phantom.shape;
    const [dz, dy, dx] = phantom.spacing;
    return mapVoxels(phantom, (hu, i) => {
      const x = (i % width) * dx;
      const y = (Math.floor(i / width) % height) * dy;
      const z = Math.floor(i / (width * height)) * dz;
      const coil = 1 + 0.3 * shading(x / 150, y / 150, z / 150);
      return mix(hu, signalOf(hu) * coil, SHARE[severity - 1]);
    });
  },
};

function signalOf(hu: number): number {
  const above = T1.findIndex(([knot]) => hu <= knot);
  const [x0, y0] = T1[Math.max(above - 1, 0)];
  const [x1, y1] = T1[Math.max(above, 1)];
  return mix(y0, y1, (hu - x0) / (x1 - x0));
}
