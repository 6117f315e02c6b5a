import { expect, it } from 'vitest';
import { axisCodes } from '../../../src/maths/volume/axis-codes.js';

it.each([
  // nibabel.aff2axcodes(affine)
  ['LPS', [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0]],
  ['RAS', [2, 0.1, 0, 9, -0.1, 2, 0, 9, 0, 0, 3, 9]],
  ['PIR', [0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0, 0]],
  ['SLA', [0, -1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]],
])('calls axes as nibabel does: %s', (codesOfAxes, rows) => {
  expect(axisCodes([...rows, 0, 0, 0, 1])).toBe(codesOfAxes);
});

it('has no codes for a singular affine', () => expect(axisCodes(new Array(16).fill(0))).toBeNull());
