import { expect, it } from 'vitest';
import { derivedUid } from '../../../../src/formats/dicom/objects/uid.js';

it('makes a UID of a hash as the uuid module of Python reads the same bytes', () => {
  expect(derivedUid('1.2.3', 'Lübeck')).toBe('2.25.155301755142070910704114549794660729243');
});

it('tells parts apart wherever one ends', () => {
  expect(derivedUid('a', 'bc')).not.toBe(derivedUid('ab', 'c'));
  expect(derivedUid('x').length).toBeLessThanOrEqual(64);
});
