import { describe, expect, it } from 'vitest';
import { headerLength, parseHeader } from '../../../src/formats/nifti/header.js';
import { type FakeNifti, fakeNifti } from '../../support/nifti.js';

const srow = [-0.5, 0, 0, 1, 0, 1.5, 0, 2, 0, 0, 2.5, 3];
/** The same place by both forms: half a turn around y, which a qfac of -1 turns back along z. */
const agreeing: FakeNifti = {
  qformCode: 1,
  sformCode: 1,
  pixdim: [-1, 0.5, 1.5, 2.5, 1, 1, 1, 1],
  quatern: [0, 1, 0, 1, 2, 3],
  srow,
};

const warningsOf = (fake: FakeNifti) => {
  const bytes = fakeNifti(fake);
  return parseHeader(bytes.subarray(0, headerLength(bytes) ?? 0), { name: 'a.nii' }).warnings;
};

it('says nothing of a header that is of one mind', () => {
  for (const version of [1, 2] as const)
    for (const littleEndian of [true, false])
      for (const fake of [
        {},
        { slope: 1 },
        { slope: Number.NaN, inter: Number.NaN },
        { slope: 0, inter: Number.NaN },
        { slope: 0.0123, inter: -1024 },
        agreeing,
        { ...agreeing, qformCode: 0 },
        { ...agreeing, sformCode: 0 },
        // Rounded by whoever wrote it.
        { ...agreeing, srow: srow.map((v) => v * 1.0001) },
        { ...agreeing, quatern: [0, 1 + 2 ** -22, 0, 1, 2, 3] },
      ])
        expect(warningsOf({ ...fake, version, littleEndian })).toEqual([]);
});

describe('tells what a header says twice and not the same', () => {
  it.each<[string, FakeNifti, RegExp]>([
    ['bits of a voxel', { bitpix: 8 }, /a voxel 8 bits \(bitpix\) and the type int16, which has 16/],
    [
      'a slope of 0 with an intercept',
      { slope: 0, inter: 7 },
      /an intercept of 7 and a slope of 0: SimpleITK adds .* It was not added\./,
    ],
    ['a slope of NaN with an intercept', { slope: Number.NaN, inter: 7 }, /a slope of NaN: SimpleITK adds/],
    ['a negative size', { pixdim: [1, -0.5, 1.5, 2.5] }, /voxels of -0\.5 x 1\.5 x 2\.5 mm/],
    ['a code that is none', { sformCode: 6, srow }, /gives its sform the code 6, which does not exist/],
    ['a qfac that is none', { ...agreeing, pixdim: [-2, 0.5, 1.5, 2.5] }, /a qfac \(pixdim\[0\]\) of -2/],
    ['an sform of zeros', { sformCode: 1 }, /an sform \(code 1\) that puts all voxels into one plane or point/],
    ['a column of zeros', { sformCode: 2, srow: [0, ...srow.slice(1)] }, /an sform \(code 2\) that puts all/],
    [
      'two sizes',
      { ...agreeing, pixdim: [-1, 0.5, 1.5, 2.51] },
      /0\.5 x 1\.5 x 2\.51 by pixdim and 0\.5 x 1\.5 x 2\.5 by/,
    ],
    [
      'two places',
      { ...agreeing, quatern: [0, 1, 0, 1, 2, 4] },
      /Its sform \(code 1\) and its qform \(code 1\) differ/,
    ],
    ['a mirror', { ...agreeing, quatern: [0, 0, 0, 1, 2, 3] }, /Its sform \(code 1\) and its qform \(code 1\) differ/],
    [
      'no rotation',
      { ...agreeing, quatern: [2, 1, 0, 1, 2, 3] },
      /Its sform \(code 1\) and its qform \(code 1\) differ/,
    ],
    [
      'voxels in the header',
      { voxelOffset: 0 },
      /its voxels begin at byte 0, where the header is: .* from byte 352 on/,
    ],
  ])('%s', (_, fake, message) => {
    expect(warningsOf(fake)).toContainEqual({
      code: 'contradicting-header',
      message: expect.stringMatching(message),
    });
  });

  it('and a scaling that nobody means', () => {
    expect(warningsOf({ slope: -1 })).toMatchObject([{ code: 'implausible-scaling', message: /bright into dark/ }]);
    for (const slope of [1e-12, 1e12])
      expect(warningsOf({ slope })).toMatchObject([{ code: 'implausible-scaling', message: /no scanner does/ }]);
  });
});
