import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dataTypes, type NiftiDataType } from '../../../src/formats/nifti/datatypes.js';
import { alwaysFinite, countNonFinite, decodeVoxels } from '../../../src/formats/nifti/voxels.js';

const types = Object.keys(dataTypes) as NiftiDataType[];
const integers = types.filter((type) => !type.startsWith('float'));

/**
 * 0 and the ends of an integer type, signed or not, as they lie in a little-endian file: its lower
 * bytes, and its highest.
 */
const ENDS = [
  [0x00, 0x00],
  [0xff, 0xff],
  [0xff, 0x7f],
  [0x00, 0x80],
] as const;

const ends = (type: NiftiDataType) =>
  Uint8Array.from(ENDS.flatMap(([low, high]) => [...Array(dataTypes[type].bytes - 1).fill(low), high]));

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

it('passes over no slice that could hold a NaN or an infinity', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...integers),
      fc.oneof(finite, fc.constantFrom(1e19, 1e29, 1e33, 1e36, 5e37)),
      fc.oneof(finite, fc.constantFrom(-3.4e38, 3.4e38)),
      (dataType, slope, intercept) => {
        const encoding = { dataType, littleEndian: true, slope, intercept };
        const bad = countNonFinite(decodeVoxels(ends(dataType), encoding));
        if (alwaysFinite(encoding)) expect(bad).toBe(0);
      },
    ),
    { numRuns: 2000 },
  );
});

it.each(types)('%s of an ordinary slope is looked through where it is a float, and only there', (dataType) => {
  const encoding = { dataType, littleEndian: true, slope: 0.5, intercept: -1024 };
  expect(alwaysFinite(encoding)).toBe(!dataType.startsWith('float'));
});
