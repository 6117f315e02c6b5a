import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Triple } from '../../../src/chunks.js';
import { coverOf } from '../../../src/maths/window/cover.js';
import { layTiles, patchCount } from '../../../src/maths/window/tiling.js';
import { coverWeights, patchWeights } from '../../../src/maths/window/uncertainty-mask.js';
import { anyGrid } from '../../support/grids.js';

it('keeps every second tile of half overlap, and the last', () => {
  const tiling = layTiles([40, 36, 20], [20, 20, 20], 0.5);
  expect(tiling.origins).toEqual([[0, 10, 20], [0, 8, 16], [0]]);
  const { tiling: kept, find } = coverOf(tiling);
  expect(kept.origins).toEqual([[0, 20], [0, 16], [0]]);
  expect([find([2, 0, 0]), find([1, 0, 0]), find([0, 2, 0])]).toEqual([[1, 0, 0], null, [0, 1, 0]]);
  expect(coverOf(layTiles([45, 20, 20], [20, 20, 20], 0.5)).tiling.origins[0]).toEqual([0, 17, 25]);
});

it('leaves no voxel out, and takes no more tiles than a window without overlap', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.nat(200), fc.nat(60), fc.nat(60)),
      fc.tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
      fc.constantFrom(0.1, 0.25, 0.5),
      (sizes, patch, step) => {
        const shape = sizes.map((n) => n + 1) as unknown as Triple;
        const tiling = layTiles(shape, patch, step);
        const { origins } = coverOf(tiling).tiling;
        for (const [axis, kept] of origins.entries()) {
          expect(kept[0]).toBe(0);
          expect(kept.at(-1)).toBe(tiling.padded[axis] - patch[axis]);
          for (let i = 1; i < kept.length; i++) expect(kept[i] - kept[i - 1]).toBeLessThanOrEqual(patch[axis]);
        }
        if (step === 0.5)
          expect(patchCount(coverOf(tiling).tiling)).toBeLessThanOrEqual(patchCount(layTiles(shape, patch, 1)));
      },
    ),
  );
});

it('weighs its tiles as a window of their own, among all tiles', () => {
  fc.assert(
    fc.property(anyGrid, (grid) => {
      const tiling = layTiles(grid.shape, [8, 8, 8], 0.5);
      const weights = coverWeights(grid, tiling);
      expect(weights.length).toBe(patchCount(tiling));
      const kept = [...weights].filter((w) => w >= 0);
      expect(kept.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 9);
      expect(kept).toEqual([...patchWeights(grid, coverOf(tiling).tiling)]);
    }),
  );
});
