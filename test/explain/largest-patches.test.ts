import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../../src/chunks.js';
import { LargestPatches } from '../../src/explain/largest-patches.js';
import { patchCentre } from '../../src/maths/window/place.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { patchWeights } from '../../src/maths/window/uncertainty-mask.js';
import { anyGrid, distancesOf } from '../support/grids.js';

const patchSize = fc.tuple(
  ...([1, 2, 3].map(() => fc.integer({ min: 1, max: 9 })) as [
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
  ]),
);

describe('LargestPatches', () => {
  it('keeps the five of the largest distances, the earlier of equal ones, largest first', () => {
    fc.assert(
      fc.property(
        anyGrid,
        patchSize,
        fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 1 }),
        (grid, size, all) => {
          const tiling = layTiles(grid.shape, size, 0.5);
          const weights = patchWeights(grid, tiling);
          const largest = new LargestPatches();
          const seen: { index: number; distance: number; weight: number; centre: Triple }[] = [];
          for (const patch of distancesOf(grid, tiling, (i) => all[i % all.length])) {
            const { index, distance, tile } = patch;
            largest.push(patch, weights[index]);
            seen.push({ index, distance, weight: weights[index], centre: patchCentre(grid, tiling, tile) });
          }
          const wanted = seen.sort((a, b) => b.distance - a.distance || a.index - b.index).slice(0, 5);
          expect(largest.patches).toMatchObject(wanted);
          expect(largest.patches.length).toBe(wanted.length);
        },
      ),
    );
  });
});
