import { describe, expect, it } from 'vitest';
import { axisTaps } from '../../../src/maths/resample/interpolation.js';

describe('the nearest neighbour', () => {
  it('is the upper one of a tie', () => {
    // Halving lands every output between two inputs.
    expect([...axisTaps(8, 4, 0).first]).toEqual([1, 3, 5, 7]);
  });
});
