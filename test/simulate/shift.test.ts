import { expect, it } from 'vitest';
import { boxBlur } from '../../src/simulate/shift.js';

it('a box blur is the mean of its window', () => {
  const data = Float32Array.of(0, 3, 6, 9, 12, 15);
  // 2x3, radius 1: numpy means of the windows, cut at the rim.
  expect([...boxBlur(data, 2, 3, 1)]).toEqual([6, 7.5, 9, 6, 7.5, 9]);
});
