import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SegcanaryError } from '../../../src/errors.js';
import { headerLength, parseHeader } from '../../../src/formats/nifti/header.js';
import { type FakeNifti, fakeNifti } from '../../support/nifti.js';

const parse = (fake?: FakeNifti) => {
  const bytes = fakeNifti(fake);
  return parseHeader(bytes.subarray(0, headerLength(bytes)!), { name: 'a.nii' });
};
const both = (fake: FakeNifti) =>
  [1, 2].flatMap((version) => [true, false].map((littleEndian) => ({ ...fake, version, littleEndian }) as FakeNifti));

/** The one error of every version and byte order. */
function refusal(fake: FakeNifti): { code: string; message: string } {
  const errors = both(fake).map((variant) => {
    try {
      parse(variant);
    } catch (error) {
      return error as SegcanaryError;
    }
    throw new Error('was accepted');
  });
  for (const error of errors) {
    expect(error).toBeInstanceOf(SegcanaryError);
    expect({ code: error.code, message: error.message }).toEqual({
      code: errors[0].code,
      message: errors[0].message,
    });
  }
  return { code: errors[0].code, message: errors[0].message };
}

it.each(both({ slope: 2, inter: -5 }))(
  'reads what it is told, version $version, little-endian $littleEndian',
  (fake) => {
    expect(parse(fake)).toMatchObject({
      version: fake.version,
      littleEndian: fake.littleEndian,
      shape: [2, 3, 4],
      volumes: 1,
      dataType: 'int16',
      voxelOffset: fake.version === 1 ? 352 : 544,
      slope: 2,
      intercept: -5,
      spacing: [2.5, 1.5, 0.5],
      // nibabel.Nifti1Image of this header: x flipped, the origin in the centre.
      affine: [-0.5, 0, 0, 0.75, 0, 1.5, 0, -1.5, 0, 0, 2.5, -1.25, 0, 0, 0, 1],
    });
  },
);

it.each([
  [0, 7],
  [Number.NaN, 7],
  [Number.POSITIVE_INFINITY, 7],
])('takes a slope of %s as none, and its intercept with it', (slope, inter) => {
  expect(parse({ slope, inter })).toMatchObject({ slope: 1, intercept: 0 });
});

describe('affine', () => {
  const srow = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  it('prefers the sform, even where the code of the qform is larger', () => {
    for (const fake of both({ sformCode: 1, qformCode: 4, srow })) {
      expect(parse(fake).affine).toEqual([...srow, 0, 0, 0, 1]);
      expect(parse(fake).geometry).toMatchObject({ sformCode: 1, qformCode: 4, srow });
    }
  });
  it('knows no code beyond 5', () => {
    expect(parse({ sformCode: 6, qformCode: 0, srow }).affine[0]).toBe(-0.5);
    expect(parse({ sformCode: 6, qformCode: 1, srow, quatern: [0, 0, 1, 7, 8, 9] }).affine).toEqual(
      [-0.5, 0, 0, 7, 0, -1.5, 0, 8, 0, 0, 2.5, 9, 0, 0, 0, 1].map((v) => expect.closeTo(v, 12)),
    );
  });
  it('takes a qfac that is not -1 for 1', () => {
    const qform = { qformCode: 1, quatern: [0, 0, 0, 0, 0, 0] };
    expect(parse({ ...qform, pixdim: [0, 1, 1, 1] }).affine[10]).toBe(1);
    expect(parse({ ...qform, pixdim: [-1, 1, 1, 1] }).affine[10]).toBe(-1);
  });
  it('converts metres and microns to mm, spacing and affine alike', () => {
    for (const [units, scale] of [
      [1, 1000],
      [2, 1],
      [3, 0.001],
      [0, 1],
      [10, 1],
    ] as const) {
      const header = parse({ units, sformCode: 1, srow });
      expect(header.spacing).toEqual([2.5 * scale, 1.5 * scale, 0.5 * scale]);
      expect(header.affine).toEqual([...srow.map((v) => v * scale), 0, 0, 0, 1]);
      expect(header.geometry.srow).toEqual(srow);
    }
  });
});

it('counts the dimensions after the third as volumes, singletons as one', () => {
  expect(parse({ dim: [7, 4, 3, 2, 1, 1, 1, 1] }).volumes).toBe(1);
  expect(parse({ dim: [5, 4, 3, 2, 1, 3, 9, 9] }).volumes).toBe(3);
  expect(parse({ dim: [3, 4, 3, 2, 0, 0, -1, 0] }).volumes).toBe(1);
});

describe('refuses, with one sentence that is the same for every version and byte order,', () => {
  it.each<[string, FakeNifti, string, RegExp]>([
    ['no dimensions', { dim: [0, 4, 3, 2, 1, 1, 1, 1] }, 'nifti-invalid', /announces 0 dimensions/],
    ['8 dimensions', { dim: [8, 4, 3, 2, 1, 1, 1, 1] }, 'nifti-invalid', /announces 8 dimensions/],
    ['an empty image', { dim: [3, 4, 0, 2, 1, 1, 1, 1] }, 'nifti-invalid', /4 x 0 x 2 voxels, which is none/],
    ['a negative size', { dim: [3, 4, -3, 2, 1, 1, 1, 1] }, 'nifti-invalid', /4 x -3 x 2/],
    ['a picture', { dim: [2, 4, 3, 1, 1, 1, 1, 1] }, 'nifti-unsupported', /2 dimensions; a scan has three/],
    [
      'a product beyond 2^53',
      { dim: [7, 4000, 4000, 32767, 32767, 32767, 2, 2] },
      'nifti-invalid',
      /which no scan has/,
    ],
    ['complex numbers', { datatype: 32 }, 'nifti-unsupported', /complex numbers \(complex64\)/],
    ['RGB', { datatype: 128 }, 'nifti-unsupported', /RGB colours/],
    ['RGBA', { datatype: 2304 }, 'nifti-unsupported', /RGBA colours/],
    ['float128', { datatype: 1536 }, 'nifti-unsupported', /128-bit floats/],
    ['bits', { datatype: 1 }, 'nifti-unsupported', /1-bit voxels/],
    ['an unknown type', { datatype: 77 }, 'nifti-unsupported', /unknown type \(code 77\)/],
    ['voxels inside the header', { voxelOffset: 100 }, 'nifti-invalid', /begin at byte 100, which cannot be/],
    ['voxels before the file', { voxelOffset: -352 }, 'nifti-invalid', /begin at byte -352/],
    ['a voxel size of 0', { pixdim: [1, 1, 1, 0, 1, 1, 1, 1] }, 'nifti-invalid', /voxel size of 0 along z/],
    [
      'a voxel size that is not a number',
      { pixdim: [1, 1, Number.NaN, 1] },
      'nifti-invalid',
      /voxel size of NaN along y/,
    ],
    ['an infinite voxel size', { pixdim: [1, Number.POSITIVE_INFINITY, 1, 1] }, 'nifti-invalid', /Infinity along x/],
    [
      'an intercept that is not a number',
      { slope: 1, inter: Number.NaN },
      'nifti-invalid',
      /an intercept that is not a number/,
    ],
    ['a quaternion too long', { qformCode: 1, quatern: [1, 1, 0, 0, 0, 0] }, 'nifti-invalid', /not a rotation/],
    ['an sform of NaN', { sformCode: 1, srow: new Array(12).fill(Number.NaN) }, 'nifti-invalid', /not numbers/],
  ])('%s', (_what, fake, code, message) => {
    const error = refusal(fake);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^a\.nii: [^\n]+\.$/);
  });
  it('the header of a pair', () => {
    expect(() => parse({ magic: 'ni1\0' })).toThrow(/header of a \.hdr\/\.img pair.*give the path/);
    expect(() => parse({ version: 2, magic: 'ni2\0\r\n\x1a\n' })).toThrow(/header of a \.hdr\/\.img pair/);
  });
  it('Analyze 7.5', () => {
    expect(() => parse({ magic: '\0\0\0\0' })).toThrow(/Analyze 7\.5/);
  });
});

it('says what other formats look like', () => {
  const say = (start: string, at = 0) => {
    const bytes = Buffer.alloc(400, 0xaa);
    bytes.write(start, at, 'latin1');
    try {
      parseHeader(bytes, { name: 'x' });
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  expect(say('DICM', 128)).toMatch(/it looks like DICOM; give it unpacked: .*its series/);
  expect(say('NRRD0004')).toMatch(/NRRD/);
  expect(say('ObjectType = Image')).toMatch(/MetaImage/);
  expect(say('\x89HDF\r\n')).toMatch(/HDF5/);
  expect(say('PK\x03\x04')).toMatch(/zip/);
  expect(say('BZh9')).toMatch(/bzip2/);
  expect(say('\x1f\x8b')).toMatch(/gzip inside gzip/);
  expect(say('version https://git-lfs.github.com/spec/v1')).toMatch(/git lfs pull/);
  expect(say('hello')).toMatch(/no format that is known/);
  expect(say('\0'.repeat(400))).toMatch(/nothing but zeros/);
});

it('throws nothing but SegcanaryErrors at mutated headers, and accepts only sane ones', () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...both({ qformCode: 1, sformCode: 1, srow: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] })),
      fc.array(fc.tuple(fc.nat(539), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      (fake, mutations) => {
        const bytes = fakeNifti(fake);
        for (const [at, value] of mutations) bytes[at % (fake.version === 1 ? 348 : 540)] = value;
        try {
          const header = parseHeader(bytes.subarray(0, headerLength(bytes)!), { name: 'junk' });
          accepted++;
          expect(header.shape.every((n) => Number.isSafeInteger(n) && n >= 1)).toBe(true);
          expect(header.spacing.every((n) => n > 0 && Number.isFinite(n))).toBe(true);
          expect([...header.affine, header.slope, header.intercept, header.voxelOffset].every(Number.isFinite)).toBe(
            true,
          );
        } catch (error) {
          if (!(error instanceof SegcanaryError)) throw error;
        }
      },
    ),
    { numRuns: 6000, seed: 7 },
  );
  expect(accepted).toBeGreaterThan(100);
});
