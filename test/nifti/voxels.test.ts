import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dataTypes, type NiftiDataType } from '../../src/nifti/datatypes.js';
import { alwaysFinite, countNonFinite, decodeVoxels } from '../../src/nifti/voxels.js';

const types = Object.keys(dataTypes) as NiftiDataType[];
const extremes = {
  uint8: [0, 2 ** 8 - 1],
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint16: [0, 2 ** 16 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
} as const;

/** The least and the greatest integer of a type, as they lie in a file. */
function stored(type: keyof typeof extremes): Uint8Array<ArrayBuffer> {
  const { bytes } = dataTypes[type];
  const view = new DataView(new ArrayBuffer(2 * bytes));
  const write = { 1: view.setUint8, 2: view.setUint16, 4: view.setUint32 }[bytes as 1 | 2 | 4].bind(view);
  extremes[type].forEach((value, i) => {
    write(i * bytes, value, true);
  });
  return new Uint8Array(view.buffer);
}

it('passes over no slice that could hold a NaN or an infinity', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(extremes) as (keyof typeof extremes)[])),
      fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(1e29, 1e33, 1e36, 5e37)),
      fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-3.4e38, 3.4e38)),
      (dataType, slope, intercept) => {
        const encoding = { dataType, littleEndian: true, slope, intercept };
        const bad = countNonFinite(decodeVoxels(stored(dataType), encoding));
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
