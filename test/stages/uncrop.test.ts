import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Grid, LabelSlice, Triple } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { uncrop } from '../../src/stages/uncrop.js';
import { countsDescriptors, expectFileGivenBack } from '../support/descriptors.js';
import { AXIS_ORDERS, gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

describe('uncrop', () => {
  it('puts every label where it came from, whatever the order and direction of the axes', async () => {
    const size = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, size),
        fc.constantFrom(...AXIS_ORDERS),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        fc.infiniteStream(fc.nat()),
        fc.boolean(),
        async (shape, axes, flipped, numbers, wide) => {
          const whole = axes.map((axis) => shape[axis]);
          const draw = () => numbers.next().value as number;
          const start = whole.map((n) => draw() % n) as unknown as Triple;
          const stop = whole.map((n, i) => start[i] + 1 + (draw() % (n - start[i]))) as unknown as Triple;
          const boxShape = start.map((a, i) => stop[i] - a) as unknown as Triple;
          const scan = scanOf(shape);
          const grid: Grid = gridOf(scan, { axes, flipped, box: { start, stop }, shape: boxShape });
          // The label of a voxel of the scan: never 0, never twice.
          const expected = new Uint16Array(shape[0] * shape[1] * shape[2]);
          const slices: LabelSlice[] = [];
          for (let z = 0, label = 1; z < boxShape[0]; z++) {
            const labels = wide
              ? new Uint16Array(boxShape[1] * boxShape[2])
              : new Uint8Array(boxShape[1] * boxShape[2]);
            for (let y = 0, i = 0; y < boxShape[1]; y++) {
              for (let x = 0; x < boxShape[2]; x++, i++, label++) {
                labels[i] = label;
                const at = [0, 0, 0];
                [z, y, x].forEach((v, a) => {
                  const p = v + start[a];
                  at[axes[a]] = flipped[a] ? whole[a] - 1 - p : p;
                });
                expected[(at[0] * shape[1] + at[1]) * shape[2] + at[2]] = label;
              }
            }
            slices.push({
              grid,
              tiling: layTiles(grid.shape, grid.shape, 1),
              z,
              data: ndarray(labels, [boxShape[1], boxShape[2]]) as LabelSlice['data'],
            });
          }
          const out = await collect<LabelSlice>(slices, uncrop());
          expect(out.map((s) => s.z)).toEqual(Array.from({ length: shape[0] }, (_, z) => z));
          expect(out.flatMap((s) => [...s.data.data])).toEqual([...expected]);
          expect(out[0].grid.shape).toEqual(shape);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('says when slices are missing', async () => {
    const grid = gridOf(scanOf([3, 1, 1]));
    const one = { grid, tiling: layTiles(grid.shape, grid.shape, 1), z: 0, data: ndarray(new Uint8Array(1), [1, 1]) };
    await expect(collect([one], uncrop())).rejects.toMatchObject({ code: 'truncated' });
  });

  it.runIf(countsDescriptors)('gives its temporary file back when it is destroyed half-way', async () => {
    const grid = gridOf(scanOf([3, 2, 2]), { flipped: [true, false, false] });
    await expectFileGivenBack(uncrop(), {
      grid,
      tiling: layTiles(grid.shape, grid.shape, 1),
      z: 0,
      data: ndarray(new Uint8Array(4), [2, 2]),
    });
  });
});
