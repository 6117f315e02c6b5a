import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mirror, mirrorings } from '../../../src/maths/window/mirror.js';

describe('mirroring', () => {
  it('goes through every combination of axes, as itertools.combinations of 1 to n axes', () => {
    expect(mirrorings([])).toEqual([]);
    expect(mirrorings([1])).toEqual([[1]]);
    expect(mirrorings([0, 1, 2])).toEqual([[0], [1], [0, 1], [2], [0, 2], [1, 2], [0, 1, 2]]);
  });

  it('reverses the axes that are named', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8); // [1, 2, 2, 2]
    expect([...mirror(data, [2, 2, 2], [2])]).toEqual([2, 1, 4, 3, 6, 5, 8, 7]);
    expect([...mirror(data, [2, 2, 2], [1])]).toEqual([3, 4, 1, 2, 7, 8, 5, 6]);
    expect([...mirror(data, [2, 2, 2], [0])]).toEqual([5, 6, 7, 8, 1, 2, 3, 4]);
    expect([...mirror(data, [1, 2, 2], [0, 1])]).toEqual([3, 4, 1, 2, 7, 8, 5, 6]); // two channels
  });

  it('is its own inverse, and leaves the original alone', () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(size, fc.tuple(size, size, size), fc.subarray([0, 1, 2]), (channels, shape, axes) => {
        const data = Float32Array.from({ length: channels * shape[0] * shape[1] * shape[2] }, (_, i) => i);
        const back = mirror(mirror(data, shape, axes), shape, axes);
        expect(back).toEqual(data);
        expect(data.every((v, i) => v === i)).toBe(true);
      }),
    );
  });
});
