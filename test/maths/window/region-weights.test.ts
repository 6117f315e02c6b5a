import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../../../src/chunks.js';
import { predictedRegion } from '../../../src/maths/volume/predicted-region.js';
import { gaussianWindow } from '../../../src/maths/window/gaussian-window.js';
import { MaskWeights } from '../../../src/maths/window/region-weights.js';
import { layTiles, patchCount } from '../../../src/maths/window/tiling.js';
import { patchWeights } from '../../../src/maths/window/uncertainty-mask.js';
import { gridOf, scanOf } from '../../support/grids.js';

describe('MaskWeights', () => {
  it('give the mean of the mask over any voxels, the mask written out voxel by voxel', () => {
    const size = fc.integer({ min: 1, max: 9 });
    const triple = fc.tuple(size, size, size);
    fc.assert(
      fc.property(
        triple,
        fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 })),
        fc.integer(),
        (shape, patch, seed) => {
          const grid = gridOf(scanOf(shape as Triple));
          const tiling = layTiles(shape as Triple, patch as Triple, 0.5);
          const distances = Array.from({ length: patchCount(tiling) }, (_, i) => 1 + Math.abs(Math.sin(seed + i)) * 10);
          const windows = patch.map((n) => gaussianWindow(n));
          const [nz, ny, nx] = tiling.origins.map((o) => o.length) as [number, number, number];
          const weights = new MaskWeights(grid, tiling);
          let sum = 0;
          let count = 0;
          let all = 0;
          for (let z = 0; z < shape[0]; z++) {
            const inside = new Uint8Array(shape[1] * shape[2]);
            for (let y = 0; y < shape[1]; y++) {
              for (let x = 0; x < shape[2]; x++) {
                let [above, below] = [0, 0];
                for (let t = 0; t < nz * ny * nx; t++) {
                  const tile = [Math.floor(t / (ny * nx)), Math.floor(t / nx) % ny, t % nx];
                  const w = [z, y, x].reduce((product, v, a) => {
                    const j = v + tiling.before[a] - tiling.origins[a][tile[a]];
                    return j < 0 || j >= patch[a] ? 0 : product * windows[a][j];
                  }, 1);
                  above += w * distances[t];
                  below += w;
                }
                all += above / below / (shape[0] * shape[1] * shape[2]);
                if (Math.sin(seed + 31 * z + 7 * y + x) <= 0) continue;
                inside[y * shape[2] + x] = 1;
                sum += above / below;
                count++;
              }
            }
            weights.push(z, inside);
          }
          const found = weights.weights;
          if (count === 0) {
            expect(found).toBeNull();
            return;
          }
          expect(distances.reduce((total, d, i) => total + d * found![i], 0)).toBeCloseTo(sum / count, 9);
          // On a grid of its own spacing the mean over everything is the subject score.
          const whole = patchWeights(grid, tiling);
          expect(distances.reduce((total, d, i) => total + d * whole[i], 0)).toBeCloseTo(all, 9);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the predicted mask', () => {
  it('has the foreground, and what of it is not at a boundary in the plane', () => {
    // 4x4: a 2x3 block of label 1 whose last column is label 2, at the rim.
    const labels = [
      [0, 0, 0, 0],
      [0, 1, 1, 1],
      [0, 1, 1, 1],
      [0, 1, 1, 2],
    ].flat();
    const logits = Float32Array.from([0, 1, 2].flatMap((c) => labels.map((l) => (l === c ? 1 : 0))));
    const { foreground, interior } = predictedRegion(logits, 3, 4, false);
    expect([...foreground]).toEqual(labels.map((l) => Number(l > 0)));
    expect([...interior]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
  });

  it('takes a change of regions for a boundary', () => {
    const logits = Float32Array.from([1, 1, 1, 1, -1, -1, 1, 1]);
    const { foreground, interior } = predictedRegion(logits, 2, 4, true);
    expect([...foreground]).toEqual([1, 1, 1, 1]);
    expect([...interior]).toEqual([1, 0, 0, 1]);
  });
});
