import { describe, expect, it } from 'vitest';
import { SliceOrder } from '../../src/stages/slice-order.js';
import { gridOf, scanOf } from '../support/grids.js';

const grid = gridOf(scanOf([3, 1, 1]));
const taking = (...zs: number[]) => {
  const order = new SliceOrder('spool');
  for (const z of zs) order.take({ grid, z });
  return order;
};

describe('the order of slices', () => {
  it('is ascending from 0, to the last', () => {
    expect(() => taking(0, 1, 2).end()).not.toThrow();
    expect(() => taking().end()).not.toThrow();
  });

  it.each([
    [[1], 1, 0],
    [[0, 2], 2, 1],
    [[0, 0], 0, 1],
  ])('is not %j', (zs, got, due) => {
    expect(() => taking(...zs)).toThrow(
      `case: the spool stage got slice ${got} where slice ${due} was due; feed it slices in order, one scan a pipeline.`,
    );
  });

  it('says how many are missing', () => {
    expect(() => taking(0, 1).end()).toThrow(
      expect.objectContaining({ code: 'truncated', message: 'case: only 2 of 3 slices reached the spool stage.' }),
    );
  });
});
