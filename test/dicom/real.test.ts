import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MODEL } from '../support/cli.js';
import { dataDir, dataFile } from '../support/data.js';
import { differing, meanApart, readVoxels, theirVoxels } from './support/read.js';
import { codes, filesBelow, fresh, refusal, run, score, scoreOf } from './support/runs.js';
import { oracle, pythonPath, tool } from './support/tools.js';

/** Archives of the folder of real scans, unpacked. */
const series: Record<string, string> = {};

describe.skipIf(dataDir === null)('real series', () => {
  beforeAll(async () => {
    for (const [name, archive] of [
      ['lungdx', 'lungdx_A0002_B40f_30slices_explicitLE.tgz'],
      ['sarcoma', 'ibsi_STS_019_CT_dicom_rtstruct.tgz'],
      ['tilted', 'dcm_qa_ct_GE_head_gantrytilt_12slices.tgz'],
    ]) {
      series[name] = fresh();
      await tool('tar', ['xzf', dataFile(`dicom/${archive}`), '-C', series[name]]);
    }
    series.ricord = dataFile('dicom/ricord_jpeglossless70');
    // A series, and a segmentation of it that voxels are not asked of.
    series.liver = fresh();
    for (const name of ['01.dcm', '02.dcm', '03.dcm'])
      cpSync(dataFile(`dicom/dcmqi/${name}`), join(series.liver, name));
    series.ct = join(fresh(), 'ct');
    mkdirSync(series.ct);
    for (const path of filesBelow(series.sarcoma))
      if (!/mask/.test(path)) cpSync(path, join(series.ct, path.replaceAll('/', '_')));
  });

  /** As a user converts it by SimpleITK. */
  async function nifti(folder: string): Promise<string> {
    const out = join(fresh(), 'x.nii.gz');
    const script = `
import sys, SimpleITK as sitk
reader = sitk.ImageSeriesReader()
folder = sys.argv[1]
reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
sitk.WriteImage(reader.Execute(), sys.argv[2])`;
    const files = filesBelow(folder);
    await tool(pythonPath(), ['-c', script, join(files[0], '..'), out]);
    return out;
  }

  it('1: of lungdx has the score of the NIfTI file that SimpleITK makes of it', async () => {
    const [own, theirs] = [await scoreOf(series.lungdx), await scoreOf(await nifti(series.lungdx))];
    expect(Math.abs(own.score - theirs.score)).toBeLessThan(1e-6);
  });

  it.each(['lungdx', 'ct', 'ricord', 'liver'])('2: of %s has the voxels of pydicom', async (name) => {
    const [own, theirs] = [await readVoxels(series[name]), await theirVoxels('voxels', series[name])];
    expect(own.shape).toEqual(theirs.shape);
    expect(differing(own.voxels, theirs.voxels)).toBe(0);
  });

  it('3: of lungdx has the geometry of dcm2niix', async () => {
    const out = fresh();
    const ran = await run(['segment', '-m', MODEL, '-i', series.lungdx, '-o', out, '--case', 'x']);
    expect(ran.code).toBe(0);
    await tool('dcm2niix', ['-b', 'n', '-z', 'n', '-f', 'y', '-o', out, series.lungdx]);
    const { affine, shapes } = await oracle<{ affine: number; shapes: number[][] }>(
      'dicom_answers.py',
      'differences',
      join(out, 'x.nii.gz'),
      join(out, 'y.nii'),
    );
    expect(shapes[0]).toEqual(shapes[1]);
    expect(affine).toBeLessThan(1e-4);
  });

  it('7: of STS_019 has 47 slices beside its structure set', async () => {
    const { code, lines } = await score([series.sarcoma], ['--explain']);
    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    const { shape } = await readVoxels(series.ct);
    expect(shape[0]).toBe(47);
  });

  it('13: of a GE head is refused for its tilt; without it, it lies within a voxel of dcm2niix', async () => {
    const error = await refusal(series.tilted);
    expect(error.message).toMatch(/18\.5 degrees/);
    expect(error.message).toMatch(/1\.34/);
    const out = fresh();
    const ran = await run(['segment', '-m', MODEL, '-i', series.tilted, '-o', out, '--case', 'x', '--untilt']);
    expect(ran.code).toBe(0);
    await tool('dcm2niix', ['-b', 'n', '-z', 'n', '-f', 'y', '-o', out, series.tilted]);
    const theirs = filesBelow(out).find((path) => /_Tilt/.test(path)) ?? '';
    const [a, b] = await oracle<{ shape: number[]; affine: number[] }[]>(
      'dicom_answers.py',
      'geometry',
      join(out, 'x.nii.gz'),
      theirs,
    );
    expect(a.shape).toEqual(b.shape);
    a.affine.forEach((value, i) => {
      if (i % 4 !== 3) expect(Math.abs(value - b.affine[i])).toBeLessThan(1e-4);
    });
    const [own, untilted] = [await readVoxels(series.tilted, true), await theirVoxels('nifti_voxels', theirs)];
    expect(meanApart(own.voxels, untilted.voxels)).toBeLessThan(0.5);
    expect(codes(await scoreOf(series.tilted, ['--untilt'])).join()).toMatch(/tilt/);
  });
});
