import type { Triple } from '../../src/chunks.js';

/** How one hospital scans: everything that may differ inside the training distribution. */
export interface Site {
  readonly name: string;
  /** Voxels along [z, y, x]. */
  readonly shape: Triple;
  /** mm along [z, y, x]. */
  readonly spacing: Triple;
  /** Standard deviation of the quantum noise in the middle of the body, HU. */
  readonly noise: number;
  /** Passes of [1 2 1] / 4 that the reconstruction kernel amounts to: 0 is sharp. */
  readonly kernel: number;
  /** Calibration error of the scanner, HU. */
  readonly offset: number;
}

export const sites: readonly Site[] = [
  { name: 'north', shape: [52, 120, 120], spacing: [5, 2.8, 2.8], noise: 16, kernel: 1, offset: 0 },
  { name: 'east', shape: [65, 120, 120], spacing: [4, 2.9, 2.9], noise: 22, kernel: 1, offset: 4 },
  { name: 'south', shape: [44, 112, 112], spacing: [6, 3, 3], noise: 12, kernel: 2, offset: -5 },
  { name: 'west', shape: [52, 128, 128], spacing: [5, 2.7, 2.7], noise: 26, kernel: 0, offset: 2 },
];
