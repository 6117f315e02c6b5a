import { describe, expect, it } from 'vitest';
import { axisWeights } from '../../../src/maths/resample/interpolation.js';

describe('the nearest neighbour', () => {
  it('is the upper one of a tie', () => {
    // Halving lands every output between two inputs.
    expect([...axisWeights(8, 4, 0).first]).toEqual([1, 3, 5, 7]);
  });
});
