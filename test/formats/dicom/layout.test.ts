import { describe, expect, it } from 'vitest';
import { flipPlane, layOut } from '../../../src/formats/dicom/layout.js';
import { axisCodes } from '../../../src/maths/volume/axis-codes.js';

/** x to the left, y to the back, z up, 2 x 3 x 4 mm: how scanners store axial slices. */
const lps = [-2, 0, 0, 10, 0, -3, 0, 20, 0, 0, 4, 30, 0, 0, 0, 1];
const shape = [5, 4, 3] as const;

describe('axes', () => {
  it('stay as they are stored where that is LPS, and nothing is known of the training scans or they differ', () => {
    for (const orientations of [undefined, [], ['RAS', 'LPS'], ['RAS', 'LAS'], ['LPS']])
      expect(layOut(lps, shape, orientations)).toEqual({ flipped: [false, false, false], affine: lps });
  });

  it('run to LPS where nothing is known of the training scans, or none of them runs as these do', () => {
    const { affine: ras } = layOut(lps, shape, ['RAS']);
    for (const orientations of [undefined, [], ['LAS', 'LPS']])
      expect(layOut(ras, shape, orientations)).toEqual({ flipped: [false, true, true], affine: lps });
    expect(layOut(ras, shape, ['RAS', 'LPS']).affine).toEqual(ras);
  });

  it('are flipped to those of the training scans', () => {
    const { flipped, affine } = layOut(lps, shape, ['LAS']);
    expect(flipped).toEqual([false, true, false]);
    expect(axisCodes(affine)).toBe('LAS');
    // What was row 3 is row 0 now: its centre lay at 20 - 3 * 3.
    expect(affine).toEqual([-2, 0, 0, 10, 0, 3, 0, 11, 0, 0, 4, 30, 0, 0, 0, 1]);
  });

  it.each(['RAS', 'LPI', 'RPS', 'LAI', 'RAI', 'RPI', 'LAS'])('become %s by flips', (codes) => {
    const { affine, flipped } = layOut(lps, shape, [codes]);
    expect(axisCodes(affine)).toBe(codes);
    // The voxel in the corner that x, y and z were flipped to is where it was.
    const corner = [2, 1, 0].map((axis) => (flipped[axis] ? shape[axis] - 1 : 0));
    const at = [0, 4, 8].map((row) => affine[row + 3] + corner.reduce((sum, n, x) => sum + n * affine[row + x], 0));
    expect(at).toEqual([10, 20, 30]);
  });

  it('stay where flips alone do not do it', () => {
    for (const codes of ['PLS', 'SRA', 'xyz', 'LRS', '']) expect(layOut(lps, shape, [codes]).affine).toEqual(lps);
  });

  it('of an oblique scan are flipped to the nearest', () => {
    const oblique = [-0.9, 0.3, 0, 0, 0.3, 0.9, 0.2, 0, 0, -0.2, 0.9, 0, 0, 0, 0, 1];
    expect(axisCodes(oblique)).toBe('LAS');
    expect(layOut(oblique, shape, ['LPS']).flipped).toEqual([false, true, false]);
  });
});

describe('a plane', () => {
  const flipped = (rows: boolean, columns: boolean) => {
    const plane = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    flipPlane(plane, 3, rows, columns);
    return [...plane];
  };
  it('is flipped in place', () => {
    expect(flipped(false, false)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(flipped(true, false)).toEqual([7, 8, 9, 4, 5, 6, 1, 2, 3]);
    expect(flipped(false, true)).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7]);
    expect(flipped(true, true)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });
});
