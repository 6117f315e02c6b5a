import { describe, expect, it } from 'vitest';
import { IntensityHistogram } from '../../../src/maths/volume/histogram.js';

describe('IntensityHistogram', () => {
  it('has the shares of 150 bins over -5 to 5, what is beyond in the first and the last, channels apart', () => {
    const histogram = new IntensityHistogram(2);
    // Two slices of 1x2 in two channels.
    histogram.push(Float32Array.of(-100, -5, 0, 0.05));
    histogram.push(Float32Array.of(5, 100, 0.1, 4.999));
    const shares = histogram.shares;
    expect(shares.length).toBe(300);
    const found = shares.flatMap((share, i) => (share > 0 ? [[i, share]] : []));
    // numpy.histogram([0, .05, .1, 4.999], bins=150, range=(-5, 5)): bins 75, 75, 76, 149.
    expect(found).toEqual([
      [0, 0.5],
      [149, 0.5],
      [150 + 75, 0.5],
      [150 + 76, 0.25],
      [150 + 149, 0.25],
    ]);
  });
});
