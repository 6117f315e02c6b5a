import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasEnd, readCodestream } from '../../../../src/formats/dicom/pixels/codestream.js';

/** A JPEG of 512 rows and 300 columns, 12 bits: an APP0 segment, a fill byte, SOF3, SOS. */
const jpeg = Uint8Array.from([
  0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc3, 0, 11, 12, 2, 0, 1, 0x2c, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8,
]);
/** SOC and SIZ: 40 x 61, at an offset of 1, 2; signed, 12 bits. */
const siz = Uint8Array.from([
  ...[0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0, 0, 0, 0, 62, 0, 0, 0, 42, 0, 0, 0, 1, 0, 0, 0, 2],
  ...[0, 0, 0, 62, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x8b, 1, 1],
]);

describe('the header of a codestream', () => {
  it('says the size of JPEG', () => {
    expect(readCodestream(jpeg, 'jpeg')).toEqual({ rows: 512, columns: 300, components: 1, precision: 12 });
  });

  it('says the size of JPEG 2000, signed or not', () => {
    const expected = { rows: 40, columns: 61, components: 1, precision: 12 };
    expect(readCodestream(siz, 'jpeg-2000')).toEqual(expected);
    expect(readCodestream(siz, 'htj2k')).toEqual(expected);
  });

  it('is not taken for that of another', () => {
    expect(readCodestream(siz, 'jpeg')).toBeNull();
    expect(readCodestream(jpeg, 'jpeg-2000')).toBeNull();
    // Samples come before any frame header.
    expect(readCodestream(Uint8Array.from([0xff, 0xd8, 0xff, 0xda, 0, 8, 0, 0, 0, 0, 0, 0]), 'jpeg')).toBeNull();
  });

  it('is null or one, cut anywhere and whatever the bytes', () => {
    for (let length = 0; length < 19; length++) expect(readCodestream(jpeg.subarray(0, length), 'jpeg')).toBeNull();
    for (let length = 0; length < 43; length++) expect(readCodestream(siz.subarray(0, length), 'htj2k')).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom('jpeg', 'jpeg-ls', 'htj2k'), (bytes, packing) => {
        readCodestream(Uint8Array.from([0xff, 0xd8, ...bytes]), packing as 'jpeg');
      }),
    );
  });
});

describe('the end of a codestream', () => {
  it.each([
    ['with nothing behind it', [1, 0xff, 0xd9], true],
    ['with zeros', [1, 0xff, 0xd9, ...new Array(500).fill(0)], true],
    // Found in ricord's CTs.
    ['with a byte of anything', [1, 0xff, 0xd9, 0x80], true],
    ['with more than a scanner leaves', [1, 0xff, 0xd9, ...new Array(9).fill(1)], false],
    ['that is cut', [1, 2, 3, 0xff], false],
    ['that is only a part of it', [0xd9], false],
    ['of nothing', [], false],
  ])('is found %s: %o', (_, bytes, found) => expect(hasEnd(Uint8Array.from(bytes))).toBe(found));
});
