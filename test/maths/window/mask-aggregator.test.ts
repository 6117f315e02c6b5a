import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grid, MaskSlice, Triple } from '../../../src/chunks.js';
import { MaskAggregator } from '../../../src/maths/window/mask-aggregator.js';
import { layTiles } from '../../../src/maths/window/tiling.js';
import masks from '../../fixtures/tiles/mask.json' with { type: 'json' };
import { distancesOf, gridOf, scanOf, triple } from '../../support/grids.js';

function aggregateAll(grid: Grid, patchSize: Triple, distance: (i: number) => number): MaskSlice[] {
  const tiling = layTiles(grid.shape, patchSize, 0.5);
  const aggregator = new MaskAggregator(grid, tiling);
  const slices: MaskSlice[] = [];
  for (const d of distancesOf(grid, tiling, distance)) slices.push(...aggregator.push(d));
  expect(aggregator.remaining).toBe(0);
  return slices;
}

const subjectScore = (slices: MaskSlice[]) =>
  slices.reduce((s, m) => s + m.sum, 0) / slices.reduce((n, m) => n + m.count, 0);

describe('the mask', () => {
  it('equals nnU-Net aggregation accumulated voxel by voxel and exported by its own resampling', () => {
    for (const m of masks) {
      const box = m.box as unknown as Triple;
      const grid = gridOf(scanOf(box), { shape: m.network as unknown as Triple, separateAxis: m.separate ? 0 : null });
      const slices = aggregateAll(grid, m.patch as unknown as Triple, (i) => m.distances[i]);
      const voxels = slices.flatMap((s) => Array.from(s.render()));
      m.mask.forEach((value, i) => {
        expect(Math.abs(voxels[i * 7] - value), JSON.stringify([m.patch, m.network, m.box, i])).toBeLessThan(1e-4);
      });
      expect(subjectScore(slices) / m.mean).toBeCloseTo(1, 9);
    }
  });

  it('of a constant distance is that constant inside the crop box and 0 outside, at every size, offset, order of axes and direction', () => {
    fc.assert(
      fc.property(
        triple(1, 24),
        triple(1, 9),
        triple(1, 16),
        triple(0, 4),
        triple(0, 3),
        fc.constantFrom<Triple>([0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        fc.constantFrom(null, 0 as const),
        (shape, patchSize, boxSize, start, margin, axes, flipped, separateAxis) => {
          const stop = [0, 1, 2].map((a) => start[a] + boxSize[a]) as unknown as Triple;
          const scanShape = [0, 0, 0];
          axes.forEach((axis, a) => {
            scanShape[axis] = stop[a] + margin[a];
          });
          const grid = gridOf(scanOf(scanShape as unknown as Triple), {
            shape,
            axes,
            flipped,
            box: { start, stop },
            separateAxis,
          });
          const slices = aggregateAll(grid, patchSize, () => 7.25);
          expect(slices.map((s) => s.z)).toEqual(slices.map((_, z) => z));
          expect(slices.length).toBe(scanShape[0]);
          const voxels = slices.flatMap((s) => Array.from(s.render()));
          const inside = voxels.filter((v) => v !== 0);
          expect(inside.length).toBe(boxSize[0] * boxSize[1] * boxSize[2]);
          for (const v of inside) expect(v).toBeCloseTo(7.25, 5);
          expect(subjectScore(slices)).toBeCloseTo(7.25, 10);
        },
      ),
      { numRuns: 100, seed: 7 },
    );
  });

  it('does not grow with the scan: the released code scores a constant 1 as 7.23 at 100x400x400, and we as 1', () => {
    // The released code adds the distances of all patches that cover a voxel, without Gaussian and
    // without dividing: its score is the mean number of patches over a voxel. Recomputed here from
    // the tiling alone, 28x256x256 gives 1.00, 40x400x400 5.16 and 100x400x400 7.23.
    const released = (shape: Triple) => {
      const tiling = layTiles(shape, [28, 256, 256], 0.5);
      return tiling.origins.reduce((product, o, a) => (product * o.length * tiling.patchSize[a]) / tiling.padded[a], 1);
    };
    const ours = (shape: Triple) => subjectScore(aggregateAll(gridOf(scanOf(shape)), [28, 256, 256], () => 1));
    const sizes: [Triple, number][] = [
      [[28, 256, 256], 1],
      [[40, 400, 400], 5.16],
      [[100, 400, 400], 7.23],
    ];
    for (const [shape, published] of sizes) {
      expect(released(shape)).toBeCloseTo(published, 1);
      expect(ours(shape)).toBeCloseTo(1, 12);
    }
  });

  it('emits a slice as soon as the last patch that touches it is scored', () => {
    const grid = gridOf(scanOf([40, 8, 8]));
    const tiling = layTiles(grid.shape, [8, 8, 8], 0.5);
    const aggregator = new MaskAggregator(grid, tiling);
    const after: number[] = [];
    for (const d of distancesOf(grid, tiling, (i) => i)) {
      for (const s of aggregator.push(d)) after.push(s.patches);
    }
    // Tiles start at 0, 4, 8, …: the first four slices need one patch, the next four two, and so
    // on.
    expect(after.slice(0, 9)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3]);
  });

  it('names the worst patch by a voxel of the source scan', () => {
    const grid = gridOf(scanOf([20, 45, 40]), { shape: [10, 15, 20], axes: [0, 1, 2], flipped: [false, true, false] });
    const slices = aggregateAll(grid, [10, 15, 10], (i) => [3, 9, 5][i]);
    expect(slices.at(-1)?.worstPatch).toEqual({ distance: 9, centre: [20, 22, 10] });
  });
});
