import fc from 'fast-check';
import { expect, it } from 'vitest';
import { roundHalfToEven } from '../../../src/maths/round.js';
import { layTiles, patchCount, tileOrigins } from '../../../src/maths/window/tiling.js';
import origins from '../../fixtures/tiles/origins.json' with { type: 'json' };

it('lays tiles where nnunetv2 lays them, over hundreds of random sizes', () => {
  for (const [size, patch, step, expected] of origins as [number, number, number, number[]][]) {
    expect(tileOrigins(size, patch, step), `size ${size}, patch ${patch}, step ${step}`).toEqual(expected);
  }
  expect(origins.length).toBeGreaterThan(500);
});

it('rounds half to even: a patch of 28 in 45 slices starts at 8, not at 9', () => {
  expect(tileOrigins(45, 28, 0.5)).toEqual([0, 8, 17]);
  expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 2.6].map(roundHalfToEven)).toEqual([-2, -2, 0, 0, 2, 2, 2, 3]);
});

it('covers every voxel, ends flush with the image and never steps further than asked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 0, max: 300 }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      (patch, more, step) => {
        const starts = tileOrigins(patch + more, patch, step);
        expect(starts[0]).toBe(0);
        expect(starts.at(-1)).toBe(starts.length > 1 ? more : 0);
        for (let i = 1; i < starts.length; i++) expect(starts[i] - starts[i - 1]).toBeLessThanOrEqual(patch);
      },
    ),
  );
});

it('pads a small grid in the middle, the odd voxel behind', () => {
  const tiling = layTiles([5, 40, 8], [8, 16, 8], 0.5);
  expect(tiling.padded).toEqual([8, 40, 8]);
  expect(tiling.before).toEqual([1, 0, 0]);
  expect(patchCount(tiling)).toBe(4);
});

it.each([0, -0.5, 1.5, Number.NaN])('refuses a step of %s', (step) => {
  expect(() => layTiles([8, 8, 8], [8, 8, 8], step)).toThrow(/step size/);
});
