import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caseNameOf } from '../../src/formats/dicom/case-name.js';
import { type ResolveOptions, resolveInputs, type ScanInput } from '../../src/jobs/inputs.js';
import { hashInput, openFiles, openInput, orientationOf, refuseChannels } from '../../src/jobs/open-input.js';
import { Outputs, outputOf } from '../../src/jobs/outputs.js';
import type { Warning } from '../../src/results.js';
import { CT_NIFTI, folderOf, STUDY, studyFiles, studyFolder } from '../support/dicom.js';
import { temporaryFolder } from '../support/folder.js';

const key = 'key of the tests';
const ROOT = '1.2.826.0.1.3680043.8.498.18';
const CT = caseNameOf(`${ROOT}.1.2`, 'CT', key);
const BONE = caseNameOf(`${ROOT}.1.3`, 'CT', key);
const SECOND = caseNameOf(`${ROOT}.2.2`, 'CT', key);
const ECHOES = [1, 2].map((series) => caseNameOf(`${ROOT}.4.${series}`, 'MR', key));

const resolved = (paths: readonly string[], options: ResolveOptions = {}, name?: string) =>
  resolveInputs(paths, name, { key, ...options });
const cases = (inputs: readonly ScanInput[]) => inputs.map((input) => input.case);
const sizes = (input: ScanInput) => input.series?.map(({ summary }) => summary.slices);

describe('a folder of DICOM', () => {
  it('is its series, by whatever names and folders', async () => {
    const folder = await studyFolder('ct');
    const [input, ...more] = await resolved([folder]);
    expect(more).toEqual([]);
    expect(input).toMatchObject({ case: CT, file: folder });
    expect(sizes(input)).toEqual([20]);
    const files = [...(await studyFiles('ct')).values()];
    const scattered = await folderOf(files.map((bytes, i) => [`${i % 3}/deep/${i}.x`, bytes]));
    const [other] = await resolved([scattered]);
    expect(other.case).toBe(CT);
    expect(await hashInput(other)).toBe(await hashInput(input));
  });

  it('has what lay beside the series among its warnings', async () => {
    const [{ series }] = await resolved([await studyFolder('ct', 'scout', 'plan')]);
    expect(series?.[0].notes).toEqual([
      { code: 'set-aside', message: 'Set aside: radiotherapy structure sets (1); they are no scans.' },
      { code: 'set-aside', message: 'Set aside: segmentations (1); they are no scans.' },
      {
        code: 'set-aside',
        message: 'Set aside: localizers (1); their image type says that they are no scans.',
      },
    ]);
  });

  it('of two series is refused with both, unless one is named, or each is taken', async () => {
    const folder = await studyFolder('ct', 'bone');
    await expect(resolved([folder])).rejects.toMatchObject({
      code: 'usage',
      option: 'series',
      subject: folder,
      message: `${folder}: has 2 series that can be scored: 2 "Abdomen B40f" (CT, 20 slices, kernel B40f); 3 "Bone B70s" (CT, 6 slices, kernel B70s); name one by its number or UID (\`series\`), or take each as a case of its own (\`eachSeries\`).`,
    });
    for (const series of ['3', `${ROOT}.1.3`])
      expect(cases(await resolved([folder], { series: [series] }))).toEqual([BONE]);
    expect(cases(await resolved([folder], { eachSeries: true }))).toEqual([CT, BONE]);
    await expect(resolved([folder], { series: ['7'] })).rejects.toMatchObject({ code: 'usage', option: 'series' });
    await expect(resolved([folder], { series: ['2'], eachSeries: true })).rejects.toThrow('leave one of the two out');
    // Each named by itself is one.
    expect(cases(await resolved([join(folder, 'bone'), join(folder, 'ct')]))).toEqual([BONE, CT]);
  });

  it('gives several series as the channels of one scan, in the order in which they are named', async () => {
    const folder = await studyFolder('echoes');
    const [input] = await resolved([folder], { series: ['2', '1'] });
    expect(input.case).toBe(ECHOES[1]);
    expect(input.series?.map(({ summary }) => summary.number)).toEqual(['2', '1']);
    refuseChannels(input, ['a', 'b']);
    expect(await openInput(input, { channels: [] as never }).catch(({ code }) => code)).toBe('scan-unsuitable');
    expect(await openFiles(input)).toHaveLength(2);
  });

  it('is a batch where it holds several studies: one case each, and one that is wrong fails alone', async () => {
    const folder = await studyFolder('ct', 'patient-2', 'echoes');
    const inputs = await resolved([folder]);
    expect(cases(inputs)).toEqual([CT, caseNameOf(`${ROOT}.4`, 'study', key), SECOND]);
    expect(inputs.map(({ file }) => file)).toEqual([
      join(folder, 'ct'),
      join(folder, 'echoes'),
      join(folder, 'patient-2/study/series'),
    ]);
    expect(inputs.map(({ error }) => error?.code)).toEqual([undefined, 'usage', undefined]);
    await expect(openFiles(inputs[1])).rejects.toMatchObject({ code: 'usage' });
    await expect(hashInput(inputs[1])).rejects.toMatchObject({ code: 'usage' });
  });

  it('fails as the study beside which a file is damaged, and not another', async () => {
    const folder = await studyFolder('ct', 'patient-2');
    const [[, whole]] = await studyFiles('bone');
    writeFileSync(join(folder, 'ct/cut'), whole.subarray(0, 900));
    const inputs = await resolved([folder]);
    expect(inputs.map(({ case: name, error }) => [name, error?.code, error?.subject])).toEqual([
      [CT, 'truncated', 'ct/cut'],
      [SECOND, undefined, undefined],
    ]);
    writeFileSync(join(folder, 'cut'), whole.subarray(0, 900));
    expect((await resolved([folder]))[2]).toMatchObject({
      case: caseNameOf('cut', 'file', key),
      error: { code: 'truncated' },
    });
    // A folder in which nothing can be read is one failure, and not one a file.
    const lost = await folderOf([1, 2, 3].map((i) => [`lost/${i}`, whole.subarray(0, 900 + i)]));
    const [failure, ...more] = await resolved([lost]);
    expect(more).toEqual([]);
    expect(failure.error).toMatchObject({
      code: 'truncated',
      message: expect.stringMatching(/^lost\/1: .* And 2 files beside it are damaged too\.$/),
    });
  });

  it('is left out in words where it holds NIfTI, and refused where it holds neither', async () => {
    const folder = await studyFolder('ct');
    cpSync(CT_NIFTI, join(folder, 'x.nii.gz'));
    const warnings: string[] = [];
    const onWarning = ({ code, message }: Warning, where: string) => warnings.push(`${code} ${where} ${message}`);
    expect(await resolved([folder], { onWarning })).toEqual([{ case: 'x', file: join(folder, 'x.nii.gz') }]);
    expect(warnings).toEqual([expect.stringMatching(`^dicom-beside ${folder} .*\\(ct/IM.*, which is left out`)]);
    const empty = await folderOf([['notes.txt', Buffer.from('x')]]);
    await expect(resolved([empty])).rejects.toMatchObject({
      code: 'usage',
      message: `${empty}: holds no scans; they end in .nii, .nii.gz or .hdr, or are DICOM files, at any depth below it.`,
    });
  });

  it('of reports alone says what there is', async () => {
    const folder = await studyFolder('plan');
    const [{ error }] = await resolved([folder]);
    expect(error).toMatchObject({ code: 'scan-unsuitable' });
    expect(error?.message).toContain('only 1 radiotherapy structure sets, 1 segmentations');
  });
});

describe('archives and files of DICOM', () => {
  it('are the same scan as their folder', async () => {
    const folder = await studyFolder('ct');
    const out = await temporaryFolder();
    execFileSync('tar', ['-cf', join(out, 'no-ending'), '-C', folder, '.']);
    execFileSync('tar', ['-czf', join(out, 'packed'), '-C', folder, '.']);
    const hash = await hashInput((await resolved([folder]))[0]);
    const loose = [...(await studyFiles('ct')).keys()].map((name) => join(folder, name));
    for (const paths of [[join(out, 'no-ending')], [join(out, 'packed')], loose, loose.toReversed()]) {
      const inputs = await resolved(paths);
      expect(cases(inputs), paths[0]).toEqual([CT]);
      expect(await hashInput(inputs[0])).toBe(hash);
    }
    expect((await resolved([join(out, 'packed')]))[0].file).toBe(join(out, 'packed'));
  });

  it('in a folder are scans of it', async () => {
    const [folder, out] = [await studyFolder('ct', 'patient-2'), await temporaryFolder()];
    for (const name of ['ct', 'patient-2'])
      execFileSync('tar', ['-cf', join(out, `${name}.tar`), '-C', join(folder, name), '.']);
    expect(cases(await resolved([out]))).toEqual([CT, SECOND]);
    // At any depth, as files are.
    mkdirSync(join(out, 'patients/7'), { recursive: true });
    renameSync(join(out, 'ct.tar'), join(out, 'patients/7/ct.tar'));
    expect(cases(await resolved([out]))).toEqual([SECOND, CT]);
  });

  it('in an archive are named, whether there is something else in it or not', async () => {
    const [folder, out] = [await studyFolder('ct', 'patient-2'), await temporaryFolder()];
    const [inner, both, alone] = ['inner.tar', 'both.tar', 'alone.tar'].map((name) => join(out, name));
    execFileSync('tar', ['-cf', inner, '-C', join(folder, 'patient-2'), '.']);
    execFileSync('tar', ['-cf', both, '-C', out, 'inner.tar', '-C', join(folder, 'ct'), '.']);
    execFileSync('tar', ['-cf', alone, '-C', out, 'inner.tar']);
    const [input, ...more] = await resolved([both]);
    expect(more).toEqual([]);
    const message =
      'Set aside: archives inside the archive (1); they are not looked into, unpack them to have them scored.';
    expect(input.series?.[0].notes).toEqual([{ code: 'set-aside', message }]);
    const [{ error }] = await resolved([alone]);
    expect(error?.message).toContain('no DICOM file but another archive (inner.tar), which is not looked into');
  });

  it('of a whole study take its options', async () => {
    const inputs = await resolved([STUDY], { series: ['3'] });
    expect(inputs.map(({ case: name, error }) => (error ? error.code : name))).toEqual([
      BONE,
      'usage',
      'usage',
      'usage',
    ]);
  });

  it('that are damaged, or hold no DICOM, fail alone', async () => {
    const folder = await studyFolder('ct');
    const out = await temporaryFolder();
    const [cut, text] = [join(out, 'cut.tar'), join(out, 'text.tar')];
    writeFileSync(join(out, 'x.txt'), 'text');
    execFileSync('tar', ['-cf', text, '-C', out, 'x.txt']);
    execFileSync('tar', ['-cf', cut, '-C', folder, '.']);
    writeFileSync(cut, (await import('node:fs')).readFileSync(cut).subarray(0, 20_000));
    const inputs = await resolved([cut, join(folder, 'ct'), text]);
    expect(inputs.map(({ file, error }) => [file, error?.code])).toEqual([
      [cut, 'truncated'],
      [join(folder, 'ct'), undefined],
      [text, 'archive-invalid'],
    ]);
  });
});

describe('channels', () => {
  it('are folders and archives x_0000, x_0001, …, named or in a folder', async () => {
    const out = await temporaryFolder();
    const files = await studyFiles('echoes');
    for (const channel of [0, 1]) {
      mkdirSync(join(out, `case_000${channel}`));
      for (const [name, bytes] of files)
        if (name.startsWith(`echoes/${channel}`)) writeFileSync(join(out, `case_000${channel}`, name.slice(7)), bytes);
    }
    const paths = [join(out, 'case_0001'), join(out, 'case_0000')];
    for (const named of [paths, [out]]) {
      const [input, ...more] = await resolved(named);
      expect(more).toEqual([]);
      expect(input).toMatchObject({ case: ECHOES[0], file: paths[1], moreChannels: [paths[0]] });
      expect(input.series?.map(({ summary }) => summary.number)).toEqual(['1', '2']);
    }
    // Files that lie beside the folders are scans too.
    for (const [name, bytes] of await studyFiles('ct')) writeFileSync(join(out, name.replace('/', '-')), bytes);
    expect(cases(await resolved([out]))).toEqual([ECHOES[0], CT]);
    for (const name of readdirSync(out)) if (name.startsWith('ct-')) rmSync(join(out, name));
    mkdirSync(join(out, 'case_0003'));
    cpSync(paths[0], join(out, 'case_0003'), { recursive: true });
    const [gap] = await resolved([out]);
    expect(() => refuseChannels(gap, ['a', 'b'])).toThrow('has no channel 0002 and a later one');
  });
});

describe('a scan of DICOM', () => {
  it('has the orientation of its slices as they are laid out', async () => {
    const [input] = await resolved([await studyFolder('ct')]);
    expect(await orientationOf(input, {})).toBe('LPS');
  });

  it('is not overwritten by an output, and neither is its archive', async () => {
    const folder = await studyFolder('ct');
    const inputs = await resolved([folder]);
    await expect(
      Outputs.plan({ inputs }, outputOf('the mask', CT, join(folder, 'ct/IM0003'), 'mask')),
    ).rejects.toMatchObject({ code: 'usage' });
    await Outputs.plan({ inputs }, outputOf('the mask', CT, join(folder, 'ct/mask.nii'), 'mask'));
    const tar = join(await temporaryFolder(), 'x.tar');
    execFileSync('tar', ['-cf', tar, '-C', folder, '.']);
    await expect(
      Outputs.plan({ inputs: await resolved([tar]) }, outputOf('the mask', CT, tar, 'mask')),
    ).rejects.toMatchObject({ code: 'usage' });
  });

  it('may be named, and options of series are for nothing else', async () => {
    expect(cases(await resolveInputs([await studyFolder('ct')], 'x', { key }))).toEqual(['x']);
    for (const [option, options] of [
      ['series', { series: ['2'] }],
      ['eachSeries', { eachSeries: true }],
      ['untilt', { untilt: true }],
    ] as const)
      await expect(resolved([CT_NIFTI], options)).rejects.toMatchObject({ code: 'usage', option });
  });
});
