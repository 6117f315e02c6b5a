import { expect, it } from 'vitest';
import { versionOf } from '../../../src/formats/nifti/magic.js';
import { fakeNifti } from '../../support/nifti.js';

const told = (bytes: Uint8Array, pair = false) => {
  try {
    return versionOf(bytes, { name: 'a.nii', pair });
  } catch (error) {
    return (error as Error).message;
  }
};

it('knows both versions, alone and in pairs', () => {
  for (const version of [1, 2] as const) {
    expect(told(fakeNifti({ version }))).toBe(version);
    const magic = version === 1 ? 'ni1\0' : 'ni2\0\r\n\x1a\n';
    expect(told(fakeNifti({ version, magic }), true)).toBe(version);
  }
});

it.each([
  [1, 344],
  [2, 4],
] as const)('names a damaged magic of NIfTI-%i for what it is, whichever bit was changed', (version, at) => {
  for (let bit = 0; bit < 32; bit++) {
    const bytes = fakeNifti({ version });
    bytes[at + (bit >> 3)] ^= 1 << (bit & 7);
    expect(told(bytes)).toMatch(
      new RegExp(`^a\\.nii: this is a NIfTI-${version} header whose magic is damaged \\(".*"\\)`),
    );
  }
});

it.each([1, 2] as const)('names a damaged length of a header of NIfTI-%i', (version) => {
  for (let bit = 0; bit < 32; bit++) {
    const bytes = fakeNifti({ version });
    bytes[bit >> 3] ^= 1 << (bit & 7);
    expect(told(bytes)).toMatch(new RegExp(`NIfTI-${version} header whose first field is damaged, the length`));
  }
});

it('takes neither Analyze 7.5 nor bytes that are nothing for NIfTI', () => {
  expect(told(fakeNifti({ magic: '\0\0\0\0' }))).toMatch(/Analyze 7\.5/);
  expect(told(Buffer.alloc(400, 1))).toMatch(/no format that is known/);
  for (let length = 0; length < 348; length++) expect(told(fakeNifti().subarray(0, length))).not.toBe(1);
});
