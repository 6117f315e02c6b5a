import { describe, expect, it } from 'vitest';
import type { DicomHeader } from '../../../src/formats/dicom/dicom-header.js';
import type { SeriesVolume } from '../../../src/formats/dicom/series-volume.js';
import { planVolume } from '../../../src/formats/dicom/volume.js';
import answers from '../../fixtures/dicom-volumes.json' with { type: 'json' };
import { axial, described, type HeaderParts, headerOf, type SliceDescription } from '../../support/series.js';

const plan = (headers: readonly DicomHeader[], untilt = false) => planVolume(headers, { name: 'series', untilt });

async function refusal(headers: readonly DicomHeader[], untilt = false): Promise<string> {
  const error = await plan(headers, untilt).then(
    (volume) => expect.fail(`was planned: ${JSON.stringify(volume.affine)}`),
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code: 'series-inconsistent', subject: 'series' });
  return (error as Error).message;
}

/** dcm2niix counts rows from the other end: the affine of the volume that it writes. */
function rowsFromTheEnd({ affine, shape }: SeriesVolume): number[] {
  const at = (row: number, column: number) => affine[4 * row + column];
  return [0, 1, 2].flatMap((row) => [at(row, 0), -at(row, 1), at(row, 2), at(row, 3) + (shape[1] - 1) * at(row, 1)]);
}

const expectClose = (actual: readonly number[], expected: readonly number[], within: number) => {
  for (const [i, value] of actual.entries()) expect(Math.abs(value - expected[i]), `entry ${i}`).toBeLessThan(within);
};

type Answer = { slices: readonly SliceDescription[]; shape: number[]; simpleitk?: number[]; dcm2niix?: number[] };

describe('a volume', () => {
  it.each(Object.entries(answers.volumes as Record<string, Answer>))(
    '%s lies where SimpleITK and dcm2niix have it',
    async (_, { slices, shape, simpleitk, dcm2niix }) => {
      const volume = await plan(described(slices));
      expect(volume.shape).toEqual(shape);
      expect(volume.untilt).toBeNull();
      expect(volume.warnings.map(({ code }) => code)).toEqual(slices.length < 3 ? ['few-slices'] : []);
      if (simpleitk !== undefined) expectClose(volume.affine, simpleitk, 1e-6);
      if (dcm2niix !== undefined) expectClose(rowsFromTheEnd(volume), dcm2niix, 1e-4);
    },
  );

  it('is the same in whatever order its files come', async () => {
    const headers = described(answers.volumes['doubly oblique'].slices);
    const { slices, ...first } = await plan(headers);
    const { slices: turned, ...again } = await plan(headers.toReversed());
    expect(again).toEqual(first);
    expect(turned.map(({ header }) => header.sopInstance)).toEqual(slices.map(({ header }) => header.sopInstance));
  });

  it('is never ordered by instance number', async () => {
    const headers = axial([0, 3, 6, 9]).map((header, i) => ({
      ...header,
      frames: header.frames.map((frame) => ({ ...frame, instanceNumber: [3, 1, 4, 2][i] })),
    }));
    const { slices } = await plan(headers);
    expect(slices.map(({ position }) => position[2])).toEqual([0, 3, 6, 9]);
  });

  it('of one slice is as thick as that says', async () => {
    const volume = await plan(axial([5]));
    expect(volume.spacing).toEqual([2.5, 0.75, 0.5]);
    expect(await refusal(axial([5], { frame: { sliceThickness: null } }))).toContain('Slice Thickness');
  });
});

describe('a tilt', () => {
  it.each(Object.entries(answers.tilted))(
    '%s is refused with its angle, and taken out as dcm2niix does',
    async (name, answer) => {
      const headers = described(answer.slices, answer.padding);
      const sentence = await refusal(headers);
      expect(sentence).toContain(`${Math.abs(answer.degrees).toFixed(1)} degrees`);
      expect(sentence).toContain('`untilt`');
      const volume = await plan(headers, true);
      expect(volume.untilt?.degrees).toBeCloseTo(Math.abs(answer.degrees), 3);
      expect(volume.warnings.map(({ code }) => code)).toEqual(['untilted']);
      // Where rows are added before the first, dcm2niix moves the origin of an oblique series along
      // a line of the affine in the place of a column (adjustOriginForNegativeTilt).
      const isMoved = name !== 'backwards';
      const affine = rowsFromTheEnd(volume);
      for (const column of isMoved ? [0, 1, 2] : [0, 1, 2, 3])
        expectClose(
          [0, 1, 2].map((row) => affine[4 * row + column]),
          [0, 1, 2].map((row) => answer.affine[4 * row + column]),
          1e-4,
        );
      // Every slice is where its file has it.
      for (const [z, { position }] of volume.slices.entries()) {
        const shift = volume.untilt?.shifts[z] ?? 0;
        const at = [0, 1, 2].map((row) => {
          const [, y, depth, origin] = volume.affine.slice(4 * row, 4 * row + 4);
          return y * shift + depth * z + origin;
        });
        expectClose(at, [-position[0], -position[1], position[2]], 1e-6);
      }
    },
  );

  it('along rows cannot be taken out', async () => {
    const headers = [0, 1, 2, 3].map((i) => headerOf({ sopInstance: `1.${i}`, frame: { position: [i, 0, 4 * i] } }));
    for (const untilt of [true, false]) expect(await refusal(headers, untilt)).toContain('along its rows, which');
  });

  it('of less than half a pixel is none', async () => {
    const headers = [0, 1, 2, 3].map((i) =>
      headerOf({ sopInstance: `1.${i}`, frame: { position: [0, 0.05 * i, 4 * i] } }),
    );
    expect((await plan(headers)).untilt).toBeNull();
  });

  it('is not what a single slice beside the others is', async () => {
    const headers = [0, 1, 2, 3, 4].map((i) =>
      headerOf({ sopInstance: `1.${i}`, frame: { position: [0, i === 2 ? 30 : 0, 4 * i] } }),
    );
    expect(await refusal(headers, true)).toContain('1.2.dcm lies 30.00 mm beside the line');
  });
});

describe('slices that make no volume are refused with the numbers', () => {
  it('one is missing', async () => {
    const heights = Array.from({ length: 30 }, (_, i) => 80 + 8 * i).filter((_, i) => i !== 12);
    expect(await refusal(axial(heights))).toBe(
      'series: slice 13 of 30 is missing: between z = 168 and z = 184 there are 16 mm, and elsewhere 8 mm; send the whole series again.',
    );
  });

  it('several are', async () => {
    const heights = Array.from({ length: 40 }, (_, i) => 2 * i).filter((_, i) => ![12, 13, 30].includes(i));
    expect(await refusal(axial(heights))).toContain('slices 13 to 14 of 40 are missing: between z = 22 and z = 28');
    expect(await refusal(axial(heights))).toContain('3 slices are missing in all');
  });

  it('one of an oblique series', async () => {
    const headers = described(answers.volumes.oblique.slices.toSorted((a, b) => a.position[2] - b.position[2])).filter(
      (_, i) => i !== 2,
    );
    expect(await refusal(headers)).toMatch(/slice 3 of 5 is missing: between [\d.]+ mm along the normal and/);
  });

  it('2.5 and then 5 mm', async () => {
    const heights = [0, 2.5, 5, 7.5, 10, 12.5, 17.5, 22.5, 27.5, 32.5];
    expect(await refusal(axial(heights))).toContain(
      'unevenly spaced, 2.5 to 5 mm apart (up to 1.9.6.dcm 2.5 mm, and behind it 5 mm, between z = 12.5 and z = 17.5)',
    );
  });

  const mixed = async (parts: HeaderParts) => {
    const [last] = axial([9], { sopInstance: '2.1', ...parts });
    return await refusal([...axial([0, 3, 6]), last]);
  };

  it('they lie in several directions', async () => {
    expect(await mixed({ frame: { orientation: [0, 1, 0, 0, 0, -1] } })).toContain(
      'slices lie along 1, 0, 0, 0, 1, 0 in 1.9.1.dcm, and slices lie along 0, 1, 0, 0, 0, -1 in 2.1.dcm (1 of 4',
    );
  });

  it('their pixels differ in number, size or unit', async () => {
    expect(await mixed({ pixels: { rows: 7 } })).toContain(
      'slices have 6 x 5 pixels in 1.9.1.dcm, and slices have 7 x 5',
    );
    expect(await mixed({ frame: { pixelSpacing: [0.8, 0.5] } })).toContain('pixels have 0.75 x 0.5 mm');
    expect(await mixed({ frame: { unit: null } })).toContain(
      'values are in HU in 1.9.1.dcm, and values are in no stated unit',
    );
  });

  it('they lie in two frames of reference', async () => {
    expect(await mixed({ frameOfReference: '1.5' })).toContain('2 frames of reference');
  });

  it('they do not say where they lie, or what cannot be', async () => {
    expect(await mixed({ frame: { position: null } })).toContain('2.1.dcm does not say where it lies');
    expect(await mixed({ frame: { orientation: null } })).toContain('2.1.dcm does not say which way it lies');
    expect(await mixed({ frame: { pixelSpacing: null } })).toContain('2.1.dcm does not say how large its pixels are');
    expect(await mixed({ frame: { pixelSpacing: [0, 0.5] } })).toContain('Pixel Spacing of 2.1.dcm is 0, 0.5 mm');
    expect(await refusal(axial([0, 3], { frame: { orientation: [1, 0, 0, 1, 0, 0] } }))).toContain('at right angles');
    expect(await refusal([])).toContain('no slice');
  });

  it('they lie beside each other in one plane', async () => {
    const beside = headerOf({ sopInstance: '2.1', frame: { position: [90, -20, 3] } });
    expect(await refusal([...axial([0, 3, 6]), beside])).toContain('100.00 mm beside each other');
  });
});

describe('a volume beyond the limits is refused', () => {
  it.each([
    ['slices', 3, 'has 4 slices, and 3 are allowed'],
    ['sliceVoxels', 29, 'has 30 voxels in a slice, and 29 are allowed'],
  ] as const)('%s', async (limit, most, sentence) => {
    await expect(planVolume(axial([0, 3, 6, 9]), { name: 'series', limits: { [limit]: most } })).rejects.toMatchObject({
      code: 'limit-exceeded',
      message: expect.stringContaining(sentence),
    });
  });
});

describe('a volume warns', () => {
  it('of lossy pixels', async () => {
    const headers = axial([0, 3, 6]).map((header, i) => ({ ...header, isLossy: i > 0 }));
    expect((await plan(headers)).warnings).toEqual([
      { code: 'lossy-pixels', message: expect.stringContaining('2 of 3 slices were compressed with loss') },
    ]);
  });

  it('of one slice or two, which may be some of more', async () => {
    for (const heights of [[5], [5, 8]])
      expect((await plan(axial(heights))).warnings).toMatchObject([{ code: 'few-slices' }]);
    expect((await plan(axial([5, 8, 11]))).warnings).toEqual([]);
  });

  it('of a CT that is scaled in two ways, and of no MR', async () => {
    const headers = (modality: string) => [
      ...axial([0, 3, 6], { modality, frame: { slope: 1, intercept: -1024 } }),
      ...axial([9], { modality, sopInstance: '2.1', frame: { slope: 1, intercept: 0 } }),
    ];
    expect((await plan(headers('CT'))).warnings).toEqual([
      {
        code: 'mixed-scaling',
        message: expect.stringContaining('1 and -1024 in some slices of this CT, and 1 and 0 in others (1 of 4'),
      },
    ]);
    expect((await plan(headers('MR'))).warnings).toEqual([]);
  });

  it('of PET that is no SUV, with the unit', async () => {
    const pet = (unit: string | null) => axial([0, 3, 6], { modality: 'PT', frame: { unit } });
    expect((await plan(pet('BQML'))).warnings).toEqual([{ code: 'not-suv', message: expect.stringContaining('BQML') }]);
    expect((await plan(pet(null))).warnings).toHaveLength(1);
    expect((await plan(pet('GML'))).warnings).toEqual([]);
  });
});
