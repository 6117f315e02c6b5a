import { describe, expect, it } from 'vitest';
import { plannedGrid } from '../../../src/maths/resample/planned-grid.js';
import { gridOf, scanOf } from '../../support/grids.js';

const resampling = { order: 1, orderZ: 0, forceSeparateZ: null } as const;

describe('the grid that a plan makes', () => {
  const grid = gridOf(scanOf([10, 20, 30]), { spacing: [5, 1, 0.5] });

  it('keeps the extent where it is of one shape, and takes no axis on its own', () => {
    const found = plannedGrid(grid, { spacing: null, resizeTo: [20, 10, 30], resampling });
    expect(found).toMatchObject({ shape: [20, 10, 30], spacing: [2.5, 2, 0.5], separateAxis: null, box: grid.box });
  });

  it('is the same where it has that shape already', () => {
    expect(plannedGrid(grid, { spacing: null, resizeTo: [10, 20, 30], resampling })).toBe(grid);
  });

  it('is of the spacing where there is one', () => {
    expect(plannedGrid(grid, { spacing: [2.5, 2, 0.5], resampling })).toMatchObject({
      shape: [20, 10, 30],
      separateAxis: 0,
    });
  });
});
