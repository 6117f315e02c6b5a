import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal, element, encode, inAscii, short } from '../../../../src/formats/dicom/objects/encode.js';

describe('encode', () => {
  it('writes what PS3.5 says: tag, representation, length, value', () => {
    expect(encode({ Rows: 5, PatientID: 'P-1' }).toString('hex')).toBe(
      // (0010,0020) LO, 4 bytes; (0028,0010) US, 2 bytes.
      '100020004c4f0400502d3120' + '2800100055530200' + '0500',
    );
  });

  it('pads a value that is copied, and gives long representations their four bytes of length', () => {
    expect(element(0x00080018, 'UI', Buffer.from('1.2'), 0).bytes.toString('hex')).toBe(
      '080018005549040031 2e3200'.replace(' ', ''),
    );
    expect(element(0x7fe00010, 'OB', Buffer.of(7), 0).bytes.toString('hex')).toBe('e07f10004f42000002000000' + '0700');
  });
});

describe('decimal', () => {
  it('has at most 16 characters and is as near as those allow', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), (value) => {
        const text = decimal(value);
        expect(text.length).toBeLessThanOrEqual(16);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-8);
      }),
    );
    expect(decimal(-173.1767578125)).toBe('-173.1767578125');
    expect(decimal(-1 / 3)).toBe('-0.3333333333333');
  });
});

it('folds texts to ASCII, in sequences too', () => {
  expect(inAscii({ A: 'Größe → 3', B: [{ C: 'é' }, 4], D: 1 })).toEqual({ A: 'Gro?e ? 3', B: [{ C: 'e' }, 4], D: 1 });
});

it('shortens by characters and leaves line ends and backslashes out', () => {
  expect(short('a\\b\nc', 9)).toBe('a b c');
  expect(short('x'.repeat(99), 64)).toHaveLength(64);
});
