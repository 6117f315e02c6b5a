import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRle } from '../../../../src/formats/dicom/pixels/rle.js';

/** A frame of segments, behind their header. */
function frameOf(segments: readonly (readonly number[])[], said = segments.length): Uint8Array {
  const header = new DataView(new ArrayBuffer(64));
  header.setUint32(0, said, true);
  let at = 64;
  segments.forEach((segment, i) => {
    header.setUint32(4 * (i + 1), at, true);
    at += segment.length;
  });
  return Uint8Array.from([...new Uint8Array(header.buffer), ...segments.flat()]);
}

/** Packs as little as may be: a literal run a byte. */
const literally = (bytes: readonly number[]): number[] => bytes.flatMap((byte) => [0, byte]);

describe('RLE', () => {
  it('unpacks runs of one byte, runs of several and nothing (-128), as PS3.5 G.3.2 says', () => {
    // 3 literal bytes, -128, then 254 repeated 4 times.
    expect([...decodeRle(frameOf([[2, 10, 20, 30, 128, 253, 254]]), 7, 1)]).toEqual([10, 20, 30, 254, 254, 254, 254]);
  });

  it('puts the segment of the highest byte last in little endian samples', () => {
    expect([...decodeRle(frameOf([literally([1, 2]), literally([3, 4])]), 2, 2)]).toEqual([3, 1, 4, 2]);
  });

  it('passes over what stands behind a full segment', () => {
    expect([...decodeRle(frameOf([[1, 5, 6, 0]]), 2, 1)]).toEqual([5, 6]);
    expect([...decodeRle(frameOf([[251, 7]]), 2, 1)]).toEqual([7, 7]);
  });

  it.each([
    ['a header that is cut', new Uint8Array(63), /63 of 64 bytes/],
    ['too few segments', frameOf([literally([1, 2])]), /1 RLE segments, and its samples 2 bytes/],
    ['a count that cannot be', frameOf([literally([1, 2]), literally([1, 2])], 2 ** 31), /2147483648 RLE segments/],
    ['a segment that is short', frameOf([literally([1, 2]), literally([1])]), /segment 2 holds 1 of 2 bytes/],
    ['a run that is cut', frameOf([literally([1, 2]), [1, 9]]), /segment 2 holds 1 of 2 bytes/],
  ])('refuses %s', (_, bytes, message) => expect(() => decodeRle(bytes, 2, 2)).toThrow(message));

  it('refuses segments that lie outside, or before one another', () => {
    for (const start of [0, 63, 1000]) {
      const bytes = frameOf([literally([1, 2]), literally([3, 4])]);
      new DataView(bytes.buffer).setUint32(8, start, true);
      expect(() => decodeRle(bytes, 2, 2)).toThrow(/segment \d lies at bytes/);
    }
  });

  it('refuses every cut of a frame', () => {
    const whole = frameOf([literally([1, 2, 3]), [254, 9]]);
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeRle(whole.subarray(0, length), 3, 2)).toThrow(RangeError);
  });

  it('gives exactly the frame or a RangeError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 40 }), (segment, voxels) => {
        try {
          expect(decodeRle(frameOf([[...segment]]), voxels, 1)).toHaveLength(voxels);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
