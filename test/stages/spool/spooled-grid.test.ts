import { describe, expect, it } from 'vitest';
import type { Box, Scan } from '../../../src/chunks.js';
import { plannedAxes, spooledGrid } from '../../../src/stages/spool/spooled-grid.js';
import { gridOf, scanOf } from '../../support/grids.js';

/** x runs along -y of the world, y along x, z along z: 2, 3 and 4 mm long. */
const affine = [0, 3, 0, 0, -2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1];
const turned: Scan = { ...scanOf([5, 6, 7]), affine, spacing: [4.5, 3.5, 2.5] };
const box: Box = { start: [1, 2, 3], stop: [4, 4, 6] };
const asStored = { reader: 'as-stored', transposeForward: [0, 1, 2], cropToNonzero: true } as const;

describe('the grid of a plan', () => {
  it('is the box of the scan where the plan moves nothing', () => {
    const grid = gridOf(turned);
    expect(spooledGrid(grid, asStored, box)).toEqual({
      ...grid,
      shape: [3, 2, 3],
      box,
    });
  });

  it('takes the box through transpose and flips', () => {
    // To RAS: [z, x, y] of the scan, x backwards. Of its 7 voxels 3 to 5 are 1 to 3 from the other
    // end.
    const found = spooledGrid(gridOf(turned), { ...asStored, reader: 'ras' }, box);
    expect(found).toMatchObject({
      axes: [0, 2, 1],
      flipped: [false, true, false],
      box: { start: [1, 1, 2], stop: [4, 4, 4] },
      shape: [3, 3, 2],
      spacing: [4, 2, 3],
    });
    const transposed = spooledGrid(gridOf(turned), { ...asStored, transposeForward: [1, 2, 0] }, box);
    expect(transposed).toMatchObject({
      axes: [1, 2, 0],
      box: { start: [2, 3, 1], stop: [4, 6, 4] },
      shape: [2, 3, 3],
      spacing: [3.5, 2.5, 4.5],
    });
  });

  it('is the whole scan where the plan does not crop', () => {
    const found = spooledGrid(gridOf(turned), { ...asStored, reader: 'ras', cropToNonzero: false }, box);
    expect(found).toMatchObject({ shape: [5, 7, 6], box: { start: [0, 0, 0], stop: [5, 7, 6] } });
  });
});

describe('the axes of a plan', () => {
  it('keep the spacing of the header where the scan is RAS already, and have the affine’s where not', () => {
    const ras = { reader: 'ras', transposeForward: [0, 1, 2] } as const;
    const upright = { ...scanOf([2, 2, 2]), spacing: [4.5, 3.5, 2.5] as const };
    expect(plannedAxes(upright, ras)).toEqual({
      axes: [0, 1, 2],
      flipped: [false, false, false],
      spacing: [4.5, 3.5, 2.5],
    });
    expect(plannedAxes(turned, ras).spacing).toEqual([4, 2, 3]);
  });

  it('cannot be known of a singular affine, and need not where nothing is turned', () => {
    const singular = { ...scanOf([2, 2, 2]), affine: new Array(16).fill(0) };
    expect(() => plannedAxes(singular, { reader: 'ras', transposeForward: [0, 1, 2] })).toThrow(
      expect.objectContaining({
        code: 'scan-unsuitable',
        message: expect.stringMatching(/^case: its affine is singular/),
      }),
    );
    expect(plannedAxes(singular, asStored).axes).toEqual([0, 1, 2]);
  });
});
