import { describe, expect, it } from 'vitest';
import { foregroundOf, Overlap } from '../../../src/maths/volume/overlap.js';

describe('Dice', () => {
  it('of labels and of regions, 1 where both are empty', () => {
    const overlap = new Overlap(foregroundOf({ background: 0, whole: [1, 2], core: 2, other: [3] }));
    overlap.push([0, 1, 1, 2], [1, 1, 0, 2]);
    overlap.push([2, 0], [1, 0]);
    expect(overlap.dice).toEqual({ whole: (2 * 3) / (4 + 4), core: (2 * 1) / (2 + 1), other: 1 });
  });
});
