import { describe, expect, it } from 'vitest';
import { trainingIntensities } from '../../src/explain/training-intensities.js';

describe('trainingIntensities', () => {
  it('is the mean histogram, and how far each scan lies from the mean of the others', () => {
    const edges = [0, 10, 20, 30];
    const scans = [[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]]];
    // The mean of the others: (0, .5, .5) is 15 from the first, (.5, 0, .5) is 10 from the second.
    expect(trainingIntensities([edges], scans)).toEqual([
      {
        edges,
        shares: [1 / 3, 1 / 3, 1 / 3],
        distances: { mean: expect.closeTo(40 / 3, 12), max: expect.closeTo(15, 12) },
      },
    ]);
    expect(trainingIntensities([edges], scans.slice(0, 1))).toEqual([{ edges, shares: [1, 0, 0], distances: null }]);
  });
});
