import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { parsed, rawOf, SERIES } from '../support/dicom-objects.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const fresh = () => mkdtempSync(join(workshop, 'objects-'));
const env = { SEGCANARY_KEY: '7e'.repeat(32) };
const common = ['-i', SERIES, '--case', 'x'];

describe('--format dicom', () => {
  it('writes a segmentation, a map, a report and a page beside the scores, the same again', async () => {
    const [output, again, scored] = [fresh(), fresh(), fresh()];
    const temporary = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
    const args = ['segment', '-m', MODEL, '-d', detector, ...common, '--format', 'dicom', '--tmpdir', temporary];
    const ran = await segcanary([...args, '-o', output], { env });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const objects = ['x_map.dcm', 'x_page.dcm', 'x_report.dcm', 'x_seg.dcm'];
    expect(readdirSync(output)).toEqual(['scores.csv', 'summary.json', 'x.json', ...objects]);
    const [line] = jsonLines(ran);
    expect(line).toMatchObject({ case: 'x', segmentation: join(output, 'x_seg.dcm') });
    // It was asked for the objects' sake alone.
    expect(line).not.toHaveProperty('explanation');
    expect(readdirSync(temporary)).toEqual([]);

    await segcanary([...args, '-o', again], { env });
    for (const name of objects) expect(readFileSync(join(again, name))).toEqual(readFileSync(join(output, name)));

    const score = await segcanary(['score', '-d', detector, ...common, '--format', 'dicom,nifti', '-o', scored], {
      env,
    });
    expect([score.code, score.stderr]).toEqual([0, '']);
    const images = ['x_map.dcm', 'x_page.dcm', 'x_report.dcm', 'x_uncertainty.nii.gz'];
    expect(readdirSync(scored)).toEqual(['scores.csv', 'summary.json', 'x.json', ...images]);
    // The UIDs are of the source and the detector, whichever command it was.
    const uidOf = async (folder: string) => (await parsed(join(folder, 'x_map.dcm'))).string('x00080018');
    expect(await uidOf(scored)).toBe(await uidOf(output));
  });

  it('has the labels that NIfTI has, as numbers where that is asked for', async () => {
    const output = fresh();
    const forms = ['--format', 'nifti,dicom', '--segmentation-type', 'labelmap'];
    const ran = await segcanary(['segment', '-m', MODEL, ...common, ...forms, '-o', output], { env });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    // Without a detector there is no score to report.
    expect(readdirSync(output)).toEqual(['x.nii.gz', 'x_seg.dcm']);
    const data = await parsed(join(output, 'x_seg.dcm'));
    expect(data.string('x00620001')).toBe('LABELMAP');
    const [{ voxels }] = jsonLines(ran) as [{ voxels: Record<string, number> }];
    const ones = [...rawOf(data, 'x7fe00010')].filter((label) => label === 1).length;
    expect(ones).toBe(voxels[1] ?? 0);
  });

  it('is refused of NIfTI, which has no patient, and what an earlier run left of the case goes', async () => {
    const output = fresh();
    cpSync(join(SERIES, '0.dcm'), join(output, 'held-out_2_report.dcm'));
    const made = fresh();
    await segcanary(['score', '-d', detector, ...common, '--format', 'dicom', '-o', made], { env });
    cpSync(join(made, 'x_map.dcm'), join(output, 'held-out_2_map.dcm'));
    const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');
    const ran = await segcanary(['score', '-d', detector, '-i', scan, '--format', 'dicom', '-o', output]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/knows no patient and no series.* or leave --format out/);
    // Somebody's slice is nobody's output.
    expect(readdirSync(output)).toEqual(['held-out_2.json', 'held-out_2_report.dcm', 'scores.csv', 'summary.json']);
  });

  it.each([
    [['score', '-d', detector, ...common, '--format', 'dicom'], /name a folder for them with -o/],
    [['score', '-d', detector, ...common, '--format', 'dicom', '-o', 'x', '--early'], /leave one of them out/],
    [['segment', '-m', MODEL, ...common, '--format', 'dicom', '-o', '-'], /name a folder with -o/],
    [['segment', '-m', MODEL, ...common, '--format', 'png', '-o', 'x'], /Choose from nifti, dicom/],
  ])('is refused where nothing can come of it: %j', async (args, message) => {
    const ran = await segcanary(args, { env });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  });
});
