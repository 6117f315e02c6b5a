import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { untiltRows } from '../../../src/formats/dicom/untilt.js';
import { planVolume } from '../../../src/formats/dicom/volume.js';
import answers from '../../fixtures/dicom-volumes.json' with { type: 'json' };
import { described } from '../../support/series.js';

describe('rows shifted back', () => {
  it.each(Object.entries(answers.tilted))(
    '%s are those of dcm2niix',
    async (_, { planes, padding, untilted, slices }) => {
      const volume = await planVolume(described(slices, padding), { name: 'tilted', untilt: true });
      const { untilt } = volume;
      if (untilt === null) return expect.fail('was taken for upright');
      const smallest = Math.min(...planes.flat(2));
      expect(untilt.padding).toBe(padding);
      expect(volume.shape).toEqual([untilted.length, untilted[0].length, untilted[0][0].length]);
      for (const [z, plane] of planes.entries()) {
        const [rows, columns] = [plane.length, plane[0].length];
        const out = untiltRows(Float32Array.from(plane.flat()), {
          rows,
          columns,
          shift: untilt.shifts[z],
          outRows: untilt.rows,
          // dcm2niix takes the smallest value of the volume where the files name no padding.
          fill: untilt.padding ?? smallest,
          padding: untilt.padding,
        });
        // It rounds to whole numbers.
        for (const [i, value] of untilted[z].flat().entries()) expect(Math.abs(out[i] - value)).toBeLessThan(0.51);
      }
    },
  );

  it('by a whole number are the same rows', () => {
    const plane = Float32Array.from([1, 2, 3, 4, 5, 6]);
    const out = untiltRows(plane, { rows: 3, columns: 2, shift: 2, outRows: 6, fill: -9 });
    expect([...out]).toEqual([-9, -9, -9, -9, 1, 2, 3, 4, 5, 6, -9, -9]);
  });

  it('of a ramp are the ramp, away from its ends', () => {
    const property = fc.property(
      fc.integer({ min: 3, max: 40 }),
      fc.double({ min: 0, max: 30, noNaN: true }),
      (rows, shift) => {
        const ramp = Float32Array.from({ length: rows }, (_, row) => 10 * row);
        const outRows = rows + Math.ceil(shift);
        const out = untiltRows(ramp, { rows, columns: 1, shift, outRows, fill: Number.NaN });
        for (let row = Math.ceil(shift); row <= shift + rows - 1; row++)
          expect(out[row]).toBeCloseTo(10 * (row - shift), 3);
      },
    );
    fc.assert(property);
  });

  it('keep values between those of their neighbours', () => {
    const values = fc.array(fc.float({ noNaN: true, min: -3000, max: 3000 }), { minLength: 12, maxLength: 12 });
    const property = fc.property(values, fc.double({ min: 0, max: 9, noNaN: true }), (values, shift) => {
      const plane = Float32Array.from(values);
      const out = untiltRows(plane, { rows: 4, columns: 3, shift, outRows: 14, fill: values[0], padding: values[1] });
      expect(Math.min(...out)).toBeGreaterThanOrEqual(Math.min(...plane) - 1e-3);
      expect(Math.max(...out)).toBeLessThanOrEqual(Math.max(...plane) + 1e-3);
    });
    fc.assert(property);
  });
});
