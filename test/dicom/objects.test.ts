import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MODEL } from '../support/cli.js';
import { detector, filesBelow, fresh, type Line, linesOf, run, variant } from './support/runs.js';
import { oracle, pythonTool, tool } from './support/tools.js';

interface DicomObject {
  readonly path: string;
  readonly kind: string;
  readonly sop: string;
  readonly series: string;
  readonly study: string;
  readonly frameOfReference: string | null;
  readonly frames: number;
  readonly patient: string;
  readonly patientId: string;
  readonly hasPrivate: boolean;
}

const kinds = {
  segmentation: /^Segmentation$/,
  map: /^Parametric Map$/,
  report: /^Comprehensive 3D SR$/,
  page: /Secondary Capture/,
};

/** What the command wrote as DICOM, by its kind. */
async function objectsOf(folder: string): Promise<Record<keyof typeof kinds, DicomObject>> {
  const paths = filesBelow(folder).filter((path) => path.endsWith('.dcm'));
  const objects = await oracle<DicomObject[]>('dicom_answers.py', 'objects', ...paths);
  const named = Object.entries(kinds).map(([name, kind]) => {
    const object = objects.find((one) => kind.test(one.kind));
    if (object === undefined) throw new Error(`No ${name} among ${objects.map((one) => one.kind).join(', ')}.`);
    return [name, object] as const;
  });
  return Object.fromEntries(named) as Record<keyof typeof kinds, DicomObject>;
}

const segment = (out: string, format: 'dicom' | 'nifti', series = 'base') =>
  run(['segment', '-m', MODEL, '-d', detector, '-i', variant(series), '-o', out, '--format', format, '--case', 'x']);

let folder: string;
let objects: Record<keyof typeof kinds, DicomObject>;
let line: Line;
beforeAll(async () => {
  folder = fresh();
  const ran = await segment(folder, 'dicom');
  if (ran.code !== 0) throw new Error(ran.stderr);
  [line] = linesOf(ran);
  // The map is written by `score`.
  const scored = await run([
    'score',
    ...['-d', detector, '-i', variant('base'), '-o', folder, '--format', 'dicom', '--case', 'x'],
  ]);
  if (scored.code !== 0) throw new Error(scored.stderr);
  objects = await objectsOf(folder);
});

describe('objects', () => {
  it.each(Object.keys(kinds) as (keyof typeof kinds)[])('19: dciodvfy finds no error in the %s', async (name) => {
    const said = await tool('sh', ['-c', 'dciodvfy "$0" 2>&1 || true', objects[name].path]);
    expect(said).toMatch(/\w/);
    expect(said.split('\n').filter((text) => /Error/.test(text))).toEqual([]);
  });

  it('refer to the patient and the study of the series, and to nothing private', () => {
    for (const object of Object.values(objects)) {
      expect(object.study).toBe('2.25.18.1');
      expect(object.patient).toBe('ZQSENTINEL^NAME');
      expect(object.patientId).toBe('ZQSENTINEL-ID');
      expect(object.hasPrivate).toBe(false);
      expect(object.series).not.toBe('2.25.18.1.1');
    }
    expect(objects.segmentation.frameOfReference).toBe('2.25.18.1.0');
    expect(objects.map.frameOfReference).toBe('2.25.18.1.0');
    expect(objects.map.frames).toBe(30);
  });

  it.each(['base', 'flipped', 'oblique'])('20: highdicom reads the mask of %s as it is in NIfTI', async (series) => {
    const [dicom, nifti] = [fresh(), fresh()];
    expect((await segment(dicom, 'dicom', series)).code).toBe(0);
    expect((await segment(nifti, 'nifti', series)).code).toBe(0);
    const paths = filesBelow(dicom).filter((path) => path.endsWith('.dcm'));
    const all = await oracle<DicomObject[]>('dicom_answers.py', 'objects', ...paths);
    const path = all.find((one) => kinds.segmentation.test(one.kind))?.path ?? '';
    const mask = join(nifti, 'x.nii.gz');
    const found = await oracle<{ differ: number; voxels: number; off: number; segments: string[]; type: string }>(
      'dicom_answers.py',
      'segmentation',
      path,
      mask,
    );
    expect(found).toMatchObject({ differ: 0, segments: ['lesion'], type: 'BINARY' });
    expect(found.voxels).toBeGreaterThan(1000);
    expect(found.off).toBeLessThan(1e-3);
  });

  it('21: dcmqi reads the map with the values of the NIfTI map', async () => {
    const out = fresh();
    const args = ['score', '-d', detector, '-i', variant('strange'), '--case', 'x', '-o', out];
    const ran = await run([...args, '--format', 'dicom,nifti']);
    expect(ran.code).toBe(0);
    expect(linesOf(ran)[0]).toMatchObject({ verdict: 'out-of-distribution' });
    const map = filesBelow(out).find((path) => /_map\.dcm$/.test(path)) ?? '';
    const converted = fresh();
    await pythonTool('paramap2itkimage', [
      ...['--inputDICOM', map, '--outputDirectory', converted],
      ...['--outputType', 'nii'],
    ]);
    const theirs = filesBelow(converted).find((path) => /\.nii(\.gz)?$/.test(path)) ?? '';
    const own = join(out, 'x_uncertainty.nii.gz');
    const found = await oracle<{ affine: number; shapes: number[][]; voxels: number; most: number }>(
      'dicom_answers.py',
      'differences',
      theirs,
      own,
    );
    expect(found.shapes[0]).toEqual(found.shapes[1]);
    expect(found.voxels).toBe(0);
    expect(found.most).toBeGreaterThan(1);
    expect(found.affine).toBeLessThan(1e-3);
  });

  it('21: dcmqi reads the report, whose numbers are those of the JSON', async () => {
    const out = join(fresh(), 'report.json');
    await pythonTool('tid1500reader', ['--inputDICOM', objects.report.path, '--outputMetadata', out]);
    const read = JSON.parse(readFileSync(out, 'utf8'));
    const numbers = JSON.stringify(read).match(/"value":"-?[\d.eE+-]+"/g) ?? [];
    const values = numbers.map((text) => Number(text.slice(9, -1)));
    for (const value of [line.score, line.boundary as number])
      expect(Math.min(...values.map((one) => Math.abs(one - value)))).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
    const whole = await oracle<{ name: string; value: unknown }[]>('dicom_answers.py', 'report', objects.report.path);
    expect(JSON.stringify(whole)).toContain(String(line.detector).slice(0, 20));
  });

  it('have the same UIDs the second time', async () => {
    const again = fresh();
    expect((await segment(again, 'dicom')).code).toBe(0);
    const paths = filesBelow(again).filter((path) => path.endsWith('.dcm'));
    const second = await oracle<DicomObject[]>('dicom_answers.py', 'objects', ...paths);
    expect(second.map((one) => one.sop)).toContain(objects.segmentation.sop);
    expect(second.map((one) => one.sop)).toContain(objects.report.sop);
  });

  it('lie in an archive where they belong', async () => {
    // A name that is no name of the patient: what is written has none in it either.
    for (const path of filesBelow(folder)) expect(path).not.toMatch(/ZQSENTINEL/);
    const dump = await tool('dcmdump', [objects.report.path]);
    expect(dump).toContain('99SEGCANARY');
  });
});
