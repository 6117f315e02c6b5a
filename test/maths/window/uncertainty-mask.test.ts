import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MaskSlice } from '../../../src/chunks.js';
import { MaskAggregator } from '../../../src/maths/window/mask-aggregator.js';
import { layTiles, patchCount } from '../../../src/maths/window/tiling.js';
import { patchWeights } from '../../../src/maths/window/uncertainty-mask.js';
import { anyGrid, distancesOf, triple } from '../../support/grids.js';

const subjectScore = (slices: MaskSlice[]) =>
  slices.reduce((s, m) => s + m.sum, 0) / slices.reduce((n, m) => n + m.count, 0);

describe('patchWeights', () => {
  it('are what grid and tiling alone decide: the mean of the mask is the sum of the distances by them', () => {
    fc.assert(
      fc.property(
        anyGrid,
        triple(1, 9),
        fc.constantFrom(0.3, 0.5, 1),
        // 0, but nothing so small that its product with a weight underflows.
        fc.infiniteStream(fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e6, noNaN: true }))),
        (grid, patchSize, step, drawn) => {
          const tiling = layTiles(grid.shape, patchSize, step);
          const distances = [...drawn.take(patchCount(tiling))];
          const weights = patchWeights(grid, tiling);
          expect(weights.length).toBe(distances.length);
          expect(weights.every((w) => w >= 0)).toBe(true);
          expect(Math.abs(weights.reduce((sum, w) => sum + w, 0) - 1)).toBeLessThan(1e-12);
          const aggregator = new MaskAggregator(grid, tiling);
          const slices: MaskSlice[] = [];
          for (const d of distancesOf(grid, tiling, (i) => distances[i])) slices.push(...aggregator.push(d));
          const sum = distances.reduce((s, d, i) => s + d * weights[i], 0);
          const score = subjectScore(slices);
          expect(Math.abs(sum - score)).toBeLessThanOrEqual(1e-12 * score);
        },
      ),
      { numRuns: 200 },
    );
  });
});
