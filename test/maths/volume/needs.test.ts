import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grid, Triple } from '../../../src/chunks.js';
import { plannedGrid } from '../../../src/maths/resample/planned-grid.js';
import { type NetworkWindow, needsOf } from '../../../src/maths/volume/needs.js';
import { gridOf, scanOf, triple } from '../../support/grids.js';

const resampling = { order: 3, orderZ: 0, forceSeparateZ: null } as const;

function needs(shape: Triple, spacing: Triple, wanted: Triple, window?: NetworkWindow) {
  const from = gridOf({ ...scanOf(shape), spacing }, { shape, spacing });
  return needsOf(from, plannedGrid(from, { spacing: wanted, resampling }), resampling, window);
}

describe('what a scan needs', () => {
  it('is the arithmetic of docs/security.md', () => {
    // A body of one millimetre: ceil((512 - 128) / 64) + 1 = 7 patches in the plane, 31 along it.
    const whole = needs([2000, 512, 512], [1, 1, 1], [1, 1, 1], { patchSize: [128, 128, 128] });
    expect(whole.patches).toBe(7 * 7 * 31);
    expect(whole.memory).toBe(4 * 512 * 512 * (8 + 8 + 128));
    const fine = needs([2000, 512, 512], [1, 1, 1], [0.5, 0.5, 0.5], { patchSize: [128, 128, 128] });
    expect(fine.patches).toBe(15 * 15 * 62);
    expect(fine.memory).toBe(4 * (512 * 512 * 8 + 1024 * 1024 * (8 + 32 + 128)));
    // The scan of issue 17: 4096 x 4096 x 36.
    const wide = needs([36, 4096, 4096], [5, 0.1, 0.1], [5, 0.1, 0.1], { patchSize: [16, 192, 192] });
    expect(wide.memory).toBe(4 * 4096 * 4096 * (8 + 8 + 16));
  });

  it('counts the values of a voxel that are put together again, and the fewer patches of a cover', () => {
    const window = { patchSize: [16, 32, 32] as const };
    const plain = needs([40, 64, 64], [1, 1, 1], [1, 1, 1], window);
    const labelled = needs([40, 64, 64], [1, 1, 1], [1, 1, 1], { ...window, logits: 5 });
    expect(labelled.memory - plain.memory).toBe(4 * 5 * 64 * 64 * (16 + 4 + 4));
    expect(plain.patches).toBe(4 * 3 * 3);
    expect(needs([40, 64, 64], [1, 1, 1], [1, 1, 1], { ...window, tiles: 'cover' }).patches).toBe(3 * 2 * 2);
  });

  it('has no patches where no network is run', () => {
    expect(needs([40, 64, 64], [1, 1, 1], [2, 2, 2])).toEqual({
      patches: 0,
      memory: 4 * (8 * 64 * 64 + 8 * 32 * 32 + 32 * 32 * 32),
    });
  });

  it('does not depend on the number of slices, from 32 on', () => {
    const memory = (depth: number) => needs([depth, 64, 64], [1, 1, 1], [0.8, 1.1, 1.1], { patchSize: [16, 32, 32] });
    expect(memory(40).memory).toBe(memory(4000).memory);
  });

  it('is no less than what a crop leaves needs', () => {
    fc.assert(
      fc.property(triple(1, 60), triple(1, 60), triple(1, 8), (shape, box, patchSize) => {
        const stop = box.map((n, axis) => Math.min(n, shape[axis])) as unknown as Triple;
        const spacing: Triple = [2.2, 0.9, 1];
        const whole = gridOf({ ...scanOf(shape), spacing }, { spacing });
        const cropped: Grid = { ...whole, shape: stop, box: { start: [0, 0, 0], stop } };
        const of = (grid: Grid) =>
          needsOf(grid, plannedGrid(grid, { spacing: [1, 1, 1], resampling }), resampling, { patchSize, logits: 2 });
        expect(of(cropped).patches).toBeLessThanOrEqual(of(whole).patches);
        expect(of(cropped).memory).toBeLessThanOrEqual(of(whole).memory);
      }),
    );
  });
});
