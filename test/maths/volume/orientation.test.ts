import { describe, expect, it } from 'vitest';
import { affineSpacing, rasAxes } from '../../../src/maths/volume/orientation.js';
import orientations from '../../fixtures/resample/orientations.json' with { type: 'json' };

describe('rasAxes', () => {
  it('assigns axes as nibabel does, for 150 affines of every order, tilted and sheared', () => {
    expect(orientations.length).toBe(150);
    for (const { affine, orientation } of orientations) {
      const { axes, flipped } = rasAxes(affine)!;
      // nibabel: for each of x, y, z the world axis and the direction. Ours: for each of S, A, R
      // the axis of [z, y, x].
      orientation.forEach(([world, direction], input) => {
        expect(axes[2 - world!]).toBe(2 - input);
        expect(flipped[2 - world!]).toBe(direction === -1);
      });
    }
  });

  it('refuses a singular affine', () => {
    expect(rasAxes([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])).toBeNull();
    expect(rasAxes(new Array(16).fill(0))).toBeNull();
  });
});

describe('affineSpacing', () => {
  it('is the length of the columns along [z, y, x], in float32', () => {
    const affine = [0, -2, 0, 5, 3, 0, 0, 5, 4, 0, 0.1, 5, 0, 0, 0, 1];
    expect(affineSpacing(affine)).toEqual([Math.fround(0.1), 2, 5]);
  });
});
