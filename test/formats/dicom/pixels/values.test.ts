import { describe, expect, it } from 'vitest';
import type { StoredPixels } from '../../../../src/formats/dicom/dicom-header.js';
import { refuseNonFinite, refuseUnreadable, valuesOf } from '../../../../src/formats/dicom/pixels/values.js';

const pixels: StoredPixels = {
  transferSyntax: '1.2.840.10008.1.2.1',
  rows: 1,
  columns: 2,
  samplesPerPixel: 1,
  photometric: 'MONOCHROME2',
  type: 'integer',
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  isSigned: true,
  frames: 1,
  valueOffset: 0,
  valueLength: 4,
};
const identity = { slope: 1, intercept: 0 };

function values(
  bytes: readonly number[],
  differs: Partial<StoredPixels> = {},
  rescale = identity,
  isBigEndian = false,
) {
  const { bitsAllocated, bitsStored, highBit, ...rest } = { ...pixels, ...differs };
  const samples = { bytes: Uint8Array.from(bytes), isBigEndian, bitsAllocated, bitsStored, highBit };
  return [...valuesOf(samples, { ...pixels, ...rest, columns: (8 * bytes.length) / bitsAllocated }, rescale)];
}

describe('values', () => {
  it('extend the sign from the highest stored bit, and leave out what stands above it', () => {
    // 0x0fff is -1 of 12 bits, 0xf001 is 1 with overlays in the upper four.
    expect(values([0xff, 0x0f, 0x01, 0xf0])).toEqual([-1, 1]);
    expect(values([0xff, 0x0f, 0x01, 0xf0], { isSigned: false })).toEqual([4095, 1]);
  });

  it('take the stored bits from where they are', () => {
    expect(values([0xff, 0xff, 0x1f, 0x00], { highBit: 15 })).toEqual([-1, 1]);
    expect(values([0xff, 0xff, 0x1f, 0x00], { highBit: 15, isSigned: false })).toEqual([4095, 1]);
  });

  it('are of 8 and 32 bits too, and of either byte order', () => {
    expect(values([0x80, 0x7f], { bitsAllocated: 8, bitsStored: 8, highBit: 7 })).toEqual([-128, 127]);
    const wide = { bitsAllocated: 32, bitsStored: 32, highBit: 31 };
    expect(values([0, 0, 0, 0x80], wide)).toEqual([-(2 ** 31)]);
    expect(values([0, 0, 0, 0x80], { ...wide, isSigned: false })).toEqual([2 ** 31]);
    expect(values([0x80, 0, 0, 0], wide, identity, true)).toEqual([-(2 ** 31)]);
    expect(values([0x0f, 0xff], {}, identity, true)).toEqual([-1]);
  });

  it('are floats where the file has them', () => {
    const float = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    const double = new Uint8Array(Float64Array.of(0.1).buffer);
    expect(values([...float], { type: 'float', bitsAllocated: 32 })).toEqual([1.5, -2]);
    expect(values([...double], { type: 'double', bitsAllocated: 64 })).toEqual([Math.fround(0.1)]);
    expect(values([...double].reverse(), { type: 'double', bitsAllocated: 64 }, identity, true)).toEqual([
      Math.fround(0.1),
    ]);
  });

  it('are slope and intercept of the sample in f64, rounded once', () => {
    const slope = 0.73260073;
    const intercept = -3.25;
    expect(values([0xff, 0x07, 0x01, 0x00], {}, { slope, intercept })).toEqual([
      Math.fround(2047 * slope + intercept),
      Math.fround(slope + intercept),
    ]);
    // In float32 the product alone would be 16777217 rounded to 16777216.
    expect(
      values([1, 0, 0, 1], { bitsAllocated: 32, bitsStored: 32, highBit: 31 }, { slope: 1, intercept: 1 }),
    ).toEqual([16777218]);
  });
});

describe('pixels that are refused', () => {
  it.each<[string, Partial<StoredPixels>, string, RegExp]>([
    ['colour', { samplesPerPixel: 3, photometric: 'RGB' }, 'dicom-unsupported', /RGB, 3 samples/],
    ['a palette', { photometric: 'PALETTE COLOR' }, 'dicom-unsupported', /PALETTE COLOR/],
    ['single bits', { bitsAllocated: 1, bitsStored: 1, highBit: 0 }, 'dicom-unsupported', /take 1 bits/],
    ['64-bit integers', { bitsAllocated: 64 }, 'dicom-unsupported', /take 64 bits/],
    ['floats of 64 bits', { type: 'float', bitsAllocated: 64 }, 'dicom-unsupported', /take 64 bits, and 32/],
    ['more bits than there are', { bitsStored: 17, highBit: 16 }, 'dicom-invalid', /17 bits up to bit 16 of 16/],
    ['bits below the first', { bitsStored: 12, highBit: 10 }, 'dicom-invalid', /12 bits up to bit 10/],
    ['no bits', { bitsStored: 0 }, 'dicom-invalid', /0 bits/],
  ])('are %s', (_, differs, code, message) => {
    const refused = () => refuseUnreadable({ ...pixels, ...differs }, 'a.dcm');
    expect(refused).toThrow(expect.objectContaining({ code }));
    expect(refused).toThrow(message);
    expect(refused).toThrow(/^a\.dcm: .*\.$/);
  });

  it('are not those that are read', () => {
    refuseUnreadable(pixels, 'a.dcm');
    refuseUnreadable({ ...pixels, photometric: 'MONOCHROME1' }, 'a.dcm');
    refuseUnreadable({ ...pixels, type: 'double', bitsAllocated: 64 }, 'a.dcm');
  });

  it('are NaN and infinite ones, and integers that a slope carries there', () => {
    const where = { name: 'a.dcm', z: 3 };
    const float = { ...pixels, type: 'float', bitsAllocated: 32 } as const;
    expect(() => refuseNonFinite(Float32Array.of(0, Number.NaN, Infinity), float, identity, where)).toThrow(
      /^a\.dcm: 2 voxels of slice 3 \(the first such slice\) are NaN or infinite/,
    );
    refuseNonFinite(Float32Array.of(0, 1), float, identity, where);
    const huge = { slope: 1e38, intercept: 0 };
    expect(() => refuseNonFinite(Float32Array.of(1e38 * 100), pixels, huge, where)).toThrow(
      expect.objectContaining({ code: 'non-finite' }),
    );
    refuseNonFinite(Float32Array.of(1e38), pixels, huge, where);
  });
});
