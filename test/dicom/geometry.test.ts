import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MODEL } from '../support/cli.js';
import { meanApart, readVoxels, theirVoxels } from './support/read.js';
import { codes, detector, fresh, refusal, run, score, scoreOf, variant } from './support/runs.js';
import { oracle, tool } from './support/tools.js';

/** The segmentation of a series, as a NIfTI file. */
async function segmented(series: string, ...more: string[]): Promise<string> {
  const out = fresh();
  const ran = await run(['segment', '-m', MODEL, '-i', variant(series), '-o', out, '--case', 'x', ...more]);
  expect(ran.code).toBe(0);
  return join(out, 'x.nii.gz');
}

/** What dcm2niix makes of a series; `_Tilt` is its own name of the one without its tilt. */
async function converted(series: string, name = 'x.nii'): Promise<string> {
  const out = fresh();
  await tool('dcm2niix', ['-b', 'n', '-z', 'n', '-f', 'x', '-o', out, variant(series)]);
  return join(out, name);
}

interface Geometry {
  readonly shape: number[];
  readonly affine: number[];
}

describe('geometry', () => {
  it.each(['base', 'oblique', 'flipped'])('3: of %s is that of dcm2niix', async (series) => {
    const paths = [await segmented(series), await converted(series)];
    const [own, theirs] = await oracle<Geometry[]>('dicom_answers.py', 'geometry', ...paths);
    expect(own.shape).toEqual(theirs.shape);
    own.affine.forEach((value, i) => {
      expect(Math.abs(value - theirs.affine[i])).toBeLessThan(1e-4);
    });
  });

  it('9: with slice 13 missing is refused, and the gap is named', async () => {
    const error = await refusal(variant('gap'));
    expect(error.code).toBe('series-inconsistent');
    expect(error.message).toMatch(/slice 13 of 30 is missing.* 10 mm.* 5 mm/);
  });

  it('10: with a slice twice is warned of', async () => {
    const line = await scoreOf(variant('same-twice'), ['--case', 'x']);
    expect(codes(line).join()).toMatch(/duplicate/);
    expect(line.score).toBe((await scoreOf(variant('base'))).score);
  });

  it('10: with two slices in one place that differ is refused', async () => {
    const error = await refusal(variant('other-twice'));
    expect(error.code).toBe('series-inconsistent');
    expect(error.message).toMatch(/IM0007\.dcm/);
    expect(error.message).toMatch(/IM0031\.dcm/);
  });

  it('12: of slices 2.5 and then 5 mm apart is refused', async () => {
    const error = await refusal(variant('uneven'));
    expect(error.code).toBe('series-inconsistent');
    expect(error.message).toMatch(/unevenly spaced, 2\.5 to 5 mm/);
  });

  it('of slices in several directions is refused', async () => {
    const { code } = await score([variant('mixed')]);
    expect(code).not.toBe(0);
  });

  it('13: with a gantry tilt is refused, and the tilt is named', async () => {
    const error = await refusal(variant('tilted'));
    expect(error.code).toBe('series-inconsistent');
    expect(error.message).toMatch(/15(\.0)? degrees/);
    expect(error.message).toMatch(/1\.29/);
    expect(error.message).toMatch(/--untilt/);
  });

  it('13: without its gantry tilt is that of dcm2niix', async () => {
    const theirs = await converted('tilted', 'x_Tilt_1.nii');
    const paths = [await segmented('tilted', '--untilt'), theirs];
    const [a, b] = await oracle<Geometry[]>('dicom_answers.py', 'geometry', ...paths);
    expect(a.shape).toEqual(b.shape);
    // Where dcm2niix puts its first voxel is not compared: it moves it along z alone.
    a.affine.forEach((value, i) => {
      if (i % 4 !== 3) expect(Math.abs(value - b.affine[i])).toBeLessThan(1e-5);
    });
    const [own, untilted] = [await readVoxels(variant('tilted'), true), await theirVoxels('nifti_voxels', theirs)];
    expect(meanApart(own.voxels, untilted.voxels)).toBeLessThan(0.5);
    expect(codes(await scoreOf(variant('tilted'), ['--untilt']))).toContain('untilted');
  });

  it('22: stored from the other side leaves the segmentation where it is', async () => {
    const masks = [await segmented('base', '-d', detector), await segmented('flipped', '-d', detector)];
    const [a, b] = await Promise.all(
      masks.map((path) => oracle<{ voxels: number; centroid: number[] }>('dicom_answers.py', 'centroid', path)),
    );
    expect(a.voxels).toBeGreaterThan(1000);
    expect(b.voxels).toBe(a.voxels);
    a.centroid.forEach((value, i) => {
      expect(b.centroid[i]).toBeCloseTo(value, 3);
    });
  });
});
