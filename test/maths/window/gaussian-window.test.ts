import { describe, expect, it } from 'vitest';
import { gaussianWindow } from '../../../src/maths/window/gaussian-window.js';
import gaussian from '../../fixtures/tiles/gaussian.json' with { type: 'json' };

describe('the Gaussian window', () => {
  it('is the impulse response that nnunetv2 filters', () => {
    for (const [n, expected] of gaussian as [number, number[]][]) {
      const window = gaussianWindow(n);
      expected.forEach((g, j) => {
        expect(Math.abs(window[j] - g), `n ${n}, voxel ${j}`).toBeLessThan(1e-15);
      });
    }
  });
});
