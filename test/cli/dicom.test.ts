import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { caseNameOf } from '../../src/formats/dicom/case-name.js';
import { jsonLines, MODEL, type Ran, type RunOptions, segcanary } from '../support/cli.js';
import { CT_NIFTI, folderOf, STUDY, studyFiles, studyFolder } from '../support/dicom.js';
import { temporaryFolder } from '../support/folder.js';
import { fakeNifti } from '../support/nifti.js';

const detector = join(inject('workshop'), 'detector');
const env = { SEGCANARY_KEY: '1c'.repeat(32) };
const ROOT = '1.2.826.0.1.3680043.8.498.18';
const CT = caseNameOf(`${ROOT}.1.2`, 'CT', env.SEGCANARY_KEY);
const BONE = caseNameOf(`${ROOT}.1.3`, 'CT', env.SEGCANARY_KEY);

const score = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  segcanary(['score', '-d', detector, ...args], { ...options, env: { ...env, ...options.env } });
const errorOf = (ran: Ran) => (jsonLines(ran)[0] as { error: { code: string; message: string } }).error;
const warningsOf = (ran: Ran) => (jsonLines(ran)[0].warnings as { code: string }[]).map(({ code }) => code);

describe('segcanary score of DICOM', () => {
  it('gives what it gives of the NIfTI that SimpleITK makes of it', async () => {
    const ran = await score(['-i', await studyFolder('ct')]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const [{ case: name, ...result }] = jsonLines(ran);
    const [{ case: _, ...expected }] = jsonLines(await score(['-i', CT_NIFTI]));
    expect(name).toBe(CT);
    expect(result).toEqual(expected);
  });

  it('prints the same bytes whatever the files are called, and for zip, tar, tar.gz, by path and on stdin', async () => {
    const files = await studyFiles('ct');
    const folder = await folderOf(files);
    const shuffled = await folderOf([...files.values()].map((bytes, i) => [`${(7 * i) % 5}/${19 - i}`, bytes]));
    const out = await temporaryFolder();
    const [tar, packed] = [join(out, 'a'), join(out, 'b')];
    execFileSync('tar', ['-cf', tar, '-C', shuffled, '.']);
    execFileSync('tar', ['-czf', packed, '-C', folder, '.']);
    const { stdout } = await score(['-i', folder]);
    const names = [...files.keys()].map((name) => join(folder, name));
    for (const paths of [[shuffled], names, [tar], [packed]])
      expect((await score(['-i', ...paths])).stdout.toString(), paths[0]).toBe(stdout.toString());
    for (const path of [tar, packed])
      expect((await score(['-i', '-'], { stdin: readFileSync(path) })).stdout.toString()).toBe(stdout.toString());
  });

  it('takes a zip, by path and on stdin, and leaves nothing of it behind', async () => {
    const tmpdir = await temporaryFolder();
    const args = ['--series', '3', '--tmpdir', tmpdir];
    const byPath = await score(['-i', STUDY, ...args]);
    const piped = await score(['-i', '-', ...args], { stdin: readFileSync(STUDY) });
    expect(byPath.code).toBe(3);
    expect(piped.stdout.toString()).toBe(byPath.stdout.toString().replaceAll(STUDY, 'stdin'));
    expect(jsonLines(byPath).map(({ case: name, error }) => [name, error === undefined])).toContainEqual([BONE, true]);
    expect(readdirSync(tmpdir)).toEqual([]);
  });

  it('takes a single file on stdin', async () => {
    const [[, bytes]] = await studyFiles('ct');
    const ran = await score(['-i', '-'], { stdin: bytes });
    expect(ran.code).toBe(0);
    expect(jsonLines(ran)[0].case).toBe(CT);
  });

  it('sets aside what is no scan, with a warning and the same score', async () => {
    const alone = await score(['-i', await studyFolder('ct')]);
    const beside = await score(['-i', await studyFolder('ct', 'scout', 'plan')]);
    expect(jsonLines(beside)[0].score).toBe(jsonLines(alone)[0].score);
    expect(warningsOf(beside)).toEqual(['set-aside', 'set-aside', 'set-aside']);
    expect(beside.stdout.toString()).toContain('Set aside: localizers (1); their image type says');
  });

  it('of two series exits with 2 and lists both; --series and --each-series go on', async () => {
    const folder = await studyFolder('ct', 'bone');
    const refused = await score(['-i', folder]);
    expect(refused.code).toBe(2);
    expect(refused.stdout.toString()).toBe('');
    expect(refused.stderr).toBe(
      `segcanary: ${folder}: has 2 series that can be scored: 2 "Abdomen B40f" (CT, 20 slices, kernel B40f); 3 "Bone B70s" (CT, 6 slices, kernel B70s); name one by its number or UID (--series), or take each as a case of its own (--each-series).\n`,
    );
    const named = await score(['-i', folder, '--series', `${ROOT}.1.3`]);
    expect(jsonLines(named).map(({ case: name }) => name)).toEqual([BONE]);
    const each = await score(['-i', folder, '--each-series']);
    expect(jsonLines(each).map(({ case: name }) => name)).toEqual([CT, BONE]);
    const both = await score(['-i', folder, '--series', '3', '--each-series']);
    expect(both).toMatchObject({ code: 2 });
    expect(both.stderr).toContain('--series names one');
  });

  it('drops a slice that is there twice, and refuses one with other pixels or one that is missing', async () => {
    const whole = await score(['-i', await studyFolder('ct')]);
    const twice = await score(['-i', await studyFolder('ct', 'twice')]);
    expect(jsonLines(twice)[0].score).toBe(jsonLines(whole)[0].score);
    expect(warningsOf(twice)).toEqual(['duplicate-slices']);
    const other = await score(['-i', await studyFolder('ct', 'other-pixels')]);
    expect(other.code).toBe(1);
    expect(errorOf(other)).toMatchObject({ code: 'series-inconsistent' });
    expect(errorOf(other).message).toContain('other-pixels/copy');
    const files = await studyFiles('ct');
    files.delete('ct/IM0005');
    const gap = await score(['-i', await folderOf(files)]);
    expect(errorOf(gap)).toMatchObject({ code: 'series-inconsistent' });
    expect(errorOf(gap).message).toMatch(/slice 7 of 20 is missing: between z = -275 and z = -265 there are 10 mm/);
  });

  it('refuses a tilt, and takes it out with --untilt', async () => {
    const folder = await studyFolder('tilted');
    const tilted = await score(['-i', folder]);
    expect(errorOf(tilted)).toMatchObject({ code: 'series-inconsistent' });
    expect(errorOf(tilted).message).toMatch(/18\.5 degrees.*set --untilt/);
    expect(warningsOf(await score(['-i', folder, '--untilt']))).toEqual(['untilted']);
    const nifti = await score(['-i', CT_NIFTI, '--untilt']);
    expect(nifti).toMatchObject({ code: 2 });
    expect(nifti.stderr).toContain('--untilt is for DICOM, and nothing that is named is; leave it out.');
  });

  it('lets one bad study of a batch fail alone, and an archive that is cut too', async () => {
    const folder = await studyFolder('ct', 'patient-2', 'echoes');
    const cut = join(folder, 'cut.zip');
    writeFileSync(cut, readFileSync(STUDY).subarray(0, 50_000));
    const ran = await score(['-i', folder]);
    expect(ran.code).toBe(3);
    expect(jsonLines(ran).map(({ error }) => (error as { code: string } | undefined)?.code)).toEqual([
      undefined,
      'usage',
      undefined,
      'truncated',
    ]);
  });

  it('does not wait for the end of stdin where nothing more of it is wanted', async () => {
    const open = new PassThrough();
    open.write(readFileSync(CT_NIFTI));
    const ran = await score(['-i', '-', '--mask', 'x.txt'], { stdin: open });
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr).toContain('name a file that ends in .nii');
    const twice = await score(['-i', '-', '-'], { stdin: open });
    expect(twice).toMatchObject({ code: 2 });
    const zip = new PassThrough();
    zip.write(readFileSync(STUDY));
    const limited = await score(['-i', '-', '--limits', 'bytes=1000'], { stdin: zip });
    expect(errorOf(limited).code).toBe('limit-exceeded');
  });

  it('makes a key of its user, and names cases by it', async () => {
    const config = await temporaryFolder();
    const own = { SEGCANARY_KEY: '', XDG_CONFIG_HOME: config };
    const folder = await studyFolder('ct');
    const ran = await score(['-i', folder], { env: own });
    const key = readFileSync(join(config, 'segcanary/key'), 'utf8').trim();
    expect(jsonLines(ran)[0].case).toBe(caseNameOf(`${ROOT}.1.2`, 'CT', key));
    expect((await score(['-i', folder], { env: own })).stdout).toEqual(ran.stdout);
    await score(['-i', folder, '--case', 'x'], { env: { ...own, XDG_CONFIG_HOME: join(config, 'other') } });
    expect(existsSync(join(config, 'other'))).toBe(false);
  });
});

describe('the other commands of DICOM', () => {
  it('list series with the names of their cases', async () => {
    const ran = await segcanary(['series', await studyFolder('ct', 'bone', 'scout'), await studyFolder('tilted')], {
      env,
    });
    expect(ran.code).toBe(3);
    expect(jsonLines(ran)).toMatchObject([
      {
        case: CT,
        series: `${ROOT}.1.2`,
        number: '2',
        description: 'Abdomen B40f',
        modality: 'CT',
        kernel: 'B40f',
        slices: 20,
        shape: [20, 48, 48],
        spacing: [5, 2.85, 2.85],
        warnings: [{ code: 'set-aside' }],
        error: null,
      },
      { case: BONE, number: '3', slices: 6, error: null },
      { number: '4', slices: 5, shape: null, error: { code: 'series-inconsistent' } },
    ]);
  });

  it('list what is not there, and what is no scan, with what is wrong with it', async () => {
    const text = join(await folderOf([['notes.txt', Buffer.from('text')]]), 'notes.txt');
    const ran = await segcanary(['series', '/nowhere/at/all', CT_NIFTI, text], { env });
    expect(ran.code).toBe(3);
    expect(jsonLines(ran)).toMatchObject([
      { case: 'all', error: { code: 'io', message: expect.stringContaining('there is no such file or folder') } },
      { case: 'ct', series: null, shape: [20, 48, 48], error: null },
      { shape: null, error: { code: 'truncated' } },
    ]);
    const piped = await segcanary(['series', '-'], { env, stdin: Buffer.from('text') });
    expect(piped.code).toBe(1);
    expect(errorOf(piped).message).toMatch(/^stdin: carries no DICOM/);
  });

  it('segment a series as its NIfTI, and know a scan for the same in either form', async () => {
    const [out, folder] = [await temporaryFolder(), await studyFolder('ct')];
    const ran = await segcanary(['segment', '-m', MODEL, '-i', folder, '-o', join(out, 'a'), '--case', 'x'], { env });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    await segcanary(['segment', '-m', MODEL, '-i', CT_NIFTI, '-o', join(out, 'b'), '--case', 'x']);
    // From the voxels on: headers say what made them.
    const voxels = (name: string) => execFileSync('gzip', ['-dc', join(out, name, 'x.nii.gz')]).subarray(352);
    expect(voxels('a').equals(voxels('b'))).toBe(true);
    const twice = await segcanary(
      ['fit', '-m', MODEL, '-i', CT_NIFTI, folder, '--detector', 'ihf', '-o', join(out, 'detector')],
      { env },
    );
    expect(twice.stderr).toMatch(/is the same scan as .*ct\.nii\.gz, voxel by voxel/);
  });

  it('fit to a batch, calibrate with another, and simulate', async () => {
    const [out, train] = [await temporaryFolder(), await studyFolder('ct', 'patient-2')];
    const fitted = await segcanary(
      ['fit', '-m', MODEL, '-i', train, '-o', join(out, 'detector'), '--detector', 'mahalanobis'],
      { env },
    );
    expect(fitted).toMatchObject({ code: 0 });
    const { orientations, trainingScans } = JSON.parse(readFileSync(join(out, 'detector/detector.json'), 'utf8'));
    expect(orientations).toEqual(['LPS']);
    expect(trainingScans).toHaveLength(2);
    const again = await segcanary(['calibrate', '-d', join(out, 'detector'), '-i', join(train, 'ct')], { env });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('the detector was fitted to this scan');
    const held = await segcanary(['calibrate', '-d', join(out, 'detector'), '-i', await studyFolder('bone')], { env });
    expect(held.code).toBe(0);
    const args = [
      'simulate',
      '-i',
      join(train, 'ct'),
      '--shift',
      'low-dose',
      '--grade',
      '1',
      '-o',
      join(out, 'shifted'),
    ];
    const shifted = await segcanary(args, { env });
    expect(shifted).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(out, 'shifted')).sort()).toEqual(['cohort.csv', `${CT}_low-dose-1.nii.gz`]);
  });

  it('simulate no truth that lies otherwise than the copies of its series', async () => {
    const [out, labels] = [await temporaryFolder(), await temporaryFolder()];
    const label = (codes: 'LPS' | 'LAS') => {
      const y = codes === 'LPS' ? [0, -2.85, 0, 0] : [0, 2.85, 0, 0];
      return fakeNifti({
        dim: [3, 48, 48, 20, 1, 1, 1, 1],
        pixdim: [1, 2.85, 2.85, 5, 1, 1, 1, 1],
        sformCode: 1,
        srow: [-2.85, 0, 0, 0, ...y, 0, 0, 5, 0],
        body: new Uint8Array(2 * 48 * 48 * 20),
      });
    };
    const how = ['--labels', labels, '--shift', 'low-dose', '--grade', '1', '-o', join(out, 'shifted')];
    const args = ['simulate', '-i', await studyFolder('ct'), ...how];
    writeFileSync(join(labels, `${CT}.nii.gz`), gzipSync(label('LAS')));
    const refused = await segcanary(args, { env });
    expect(refused.code).toBe(1);
    expect(errorOf(refused).message).toContain('its axes run to LAS and those of its scan');
    writeFileSync(join(labels, `${CT}.nii.gz`), gzipSync(label('LPS')));
    expect(await segcanary(args, { env })).toMatchObject({ code: 0, stderr: '' });
  });

  it('take series and archives as rows of a cohort', async () => {
    const [folder, study] = [await temporaryFolder(), await studyFolder('ct', 'patient-2', 'bone')];
    mkdirSync(join(folder, 'c'));
    const csv = join(folder, 'cohort.csv');
    execFileSync('tar', ['-cf', join(folder, 'two.tar'), '-C', join(study, 'patient-2'), '.']);
    writeFileSync(
      csv,
      [
        'case,image,split,group',
        `one,${join(study, 'ct')},train,id`,
        'two,two.tar,train,id',
        `three,${join(study, 'bone')},val,id`,
        `four,${CT_NIFTI},test,id`,
      ].join('\n'),
    );
    const ran = await segcanary(
      ['fit', '-m', MODEL, '--cohort', csv, '-o', join(folder, 'detector'), '--detector', 'mahalanobis'],
      { env },
    );
    expect(ran).toMatchObject({ code: 0 });
    const { trainingScans } = JSON.parse(readFileSync(join(folder, 'detector/detector.json'), 'utf8'));
    expect(trainingScans).toHaveLength(2);
  });
});

it('says nothing of a patient, in results, logs or names of files', async () => {
  const [out, folder] = [await temporaryFolder(), await studyFolder('ct', 'scout', 'plan', 'bone', 'tilted')];
  const cut = [...(await studyFiles('ct')).values()][0].subarray(0, 1500);
  writeFileSync(join(folder, 'ct', 'IM0000'), cut);
  const runs = [
    await score(['-i', folder, '--each-series', '-v', '-o', join(out, 'results')]),
    await score(['-i', folder, '--json']),
    await score(['-i', '-', '--tmpdir', out], { stdin: readFileSync(STUDY) }),
    await segcanary(['series', folder, STUDY], { env }),
  ];
  const written = readdirSync(out, { recursive: true }).map(String);
  const files = written
    .filter((name) => /\.(json|csv)$/.test(name))
    .map((name) => readFileSync(join(out, name), 'utf8'));
  for (const text of [...runs.flatMap(({ stdout, stderr }) => [stdout.toString(), stderr]), ...written, ...files])
    expect(text).not.toMatch(/SECRET|19001231|20200101/);
});
