import { describe, expect, it } from 'vitest';
import fixture from '../../../fixtures/nifti/odd-headers.json' with { type: 'json' };
import { numbers, ourOutcome, READERS, type Spelled, unpacked } from '../../../support/odd-headers.js';

/**
 * Headers that a reader takes and that are refused here: what they say cannot be meant, and the
 * reader makes something up.
 */
const REFUSED: readonly (readonly [name: RegExp, why: string])[] = [
  [/^pixdim (0|NaN|inf)/, 'a voxel size that is none: ITK takes 1'],
  [/an origin of NaN|sform NaN|quaternion NaN/, 'a place that is no number'],
  [/quaternion (barely )?too long/, 'no rotation: ITK normalises it, nibabel refuses it'],
  [/dim (4-D$|2-D|negative|zero)/, 'no scan of three dimensions: ITK takes dimensions below 1 for 1'],
  [/dim more slices|offset 353|offset 360/, 'voxels that are not there: ITK reads what lies in its memory'],
  [/offset (348|-352|nan|inf|1000000000)/, 'voxels that begin inside the header, or nowhere'],
  [/datatype/, 'colours and complex numbers'],
  [/float32 NaN and inf/, 'voxels that are no numbers: ITK takes 0'],
  [/magic|sizeof_hdr/, 'a damaged mark of the format: ITK looks at three of its letters, and not at the length'],
];

/** Headers that a reader refuses and that are taken here: there is one way to read them. */
const TAKEN: readonly (readonly [reader: string, name: RegExp, why: string])[] = [
  ['SimpleITKIO', /NIfTI-2/, 'ITK 5.4 knows NIfTI-1 alone'],
  ['NibabelIO', /dim (7-D|4-D of one)/, 'nnU-Net wants three dimensions there, also where the others are 1'],
];

/** Headers whose affine differs from the reader's; all of them are warned of. */
const ELSEWHERE = /^sform (LPS, code 2|NaN, code \d|an origin of NaN, code 2), qform$/;

type Outcome = { shape: number[]; spacing: Spelled[]; voxels: Spelled[]; affine?: Spelled[] };
const outcomes = fixture.outcomes as readonly (Outcome | null)[];
const cases = fixture.cases.map(([name, file, ...ids]) => ({
  name: String(name),
  file: unpacked(String(file)),
  ids: ids.map(Number),
}));
const fileOf = (name: string): Buffer => cases.find((one) => one.name === name)?.file ?? Buffer.alloc(0);

const outcomeOf = (ids: readonly number[], reader: string): Outcome | null =>
  outcomes[ids[fixture.readers.indexOf(reader)]];

const near = (values: readonly number[]) =>
  values.map((value) => expect.closeTo(value, 4 - Math.ceil(Math.log10(Math.abs(value) + 1))));

describe.each(READERS)('odd headers as nnU-Net reads them with %s (test/oracle/odd_headers.py)', (name, reader) => {
  it.each(cases)('$name', async ({ name: what, file, ids }) => {
    const theirs = outcomeOf(ids, name);
    const ours = await ourOutcome(file, reader);
    if (theirs === null) {
      const taken = TAKEN.some(([of, names]) => of === name && names.test(what));
      expect(ours.refusal === null).toBe(taken);
    } else if (ours.refusal) {
      expect(
        REFUSED.some(([names]) => names.test(what)),
        ours.refusal.message,
      ).toBe(true);
    } else {
      expect(ours.spacing).toEqual(numbers(theirs.spacing));
      expect(ours.shape).toEqual(theirs.shape);
      // nnU-Net reads the header itself as voxels, each reader from another byte on.
      if (what === 'offset 0') expect(ours.warnings).toEqual(['contradicting-header']);
      else expect(ours.voxels.map((v) => v + 0)).toEqual(numbers(theirs.voxels).map((v) => v + 0));
      if (ELSEWHERE.test(what)) expect(ours.warnings).toContain('contradicting-header');
      else if (theirs.affine) expect(ours.affine.slice(0, 12)).toEqual(near(numbers(theirs.affine)));
    }
  });
});

it('tells SimpleITK from nibabel: wherever the two differ, it warns', async () => {
  let differences = 0;
  for (const { name: what, file, ids } of cases) {
    const [itk, nibabel] = ['SimpleITKIO', 'NibabelIO'].map((name) => outcomeOf(ids, name));
    if (!itk || !nibabel) continue;
    const [a, b] = [numbers(itk.voxels), numbers(nibabel.voxels)];
    if (a.every((v, i) => Math.abs(v - b[i]) <= 1e-6 * Math.abs(v) + 1e-12)) continue;
    differences++;
    for (const reader of ['simpleitk', 'nibabel', undefined] as const) {
      const { refusal, warnings } = await ourOutcome(file, reader);
      expect(refusal !== null || warnings.length > 0, what).toBe(true);
    }
  }
  expect(differences).toBeGreaterThan(20);
});

it('adds the intercept of a slope of 0 as SimpleITK does, and not as nibabel does', async () => {
  const file = fileOf('slope 0, intercept 7');
  expect((await ourOutcome(file, 'simpleitk')).voxels.slice(0, 3)).toEqual([-23, -16, -9]);
  for (const reader of ['nibabel', undefined] as const)
    expect((await ourOutcome(file, reader)).voxels.slice(0, 3)).toEqual([-30, -23, -16]);
});

it('takes units as the reader does, and honours them where none is named', async () => {
  const file = fileOf('units 3');
  const spacing = async (reader?: 'simpleitk' | 'nibabel') => (await ourOutcome(file, reader)).spacing;
  expect(await spacing('nibabel')).toEqual([2.5, 1.5, 0.5]);
  expect(await spacing('simpleitk')).toEqual([0.0025, 0.0015, 0.0005]);
  expect(await spacing()).toEqual([0.0025, 0.0015, 0.0005]);
});
