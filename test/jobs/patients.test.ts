import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { foldsOf, patientsOf, readPatients, warningOfPatients } from '../../src/jobs/patients.js';
import { temporaryFolder } from '../support/folder.js';

describe('patientsOf', () => {
  it.each([
    ['sub-01_ses-2_T1w', 'sub-01'],
    ['sub-0A1', 'sub-0A1'],
    ['P7_visit2', 'P7'],
    ['P7_visit_2', 'P7'],
    ['case012-ses-1-lung', 'case012'],
    ['Patient-001_week-044', 'Patient-001'],
    ['prostate_03_baseline', 'prostate_03'],
    ['prostate_03_followup', 'prostate_03'],
    ['case_012_20200131', 'case_012'],
    ['case_012_2020-01-31', 'case_012'],
    ['case_012_2020-01-31T10_30', 'case_012'],
  ])('sees in %s the patient %s', (name, patient) => {
    expect(patientsOf([name])).toEqual([patient]);
  });

  it.each([
    'hippocampus_001',
    'case_001',
    'mri_visit_001',
    'visit_001',
    'T1_20200131',
    'week12',
    'case_20209931',
    'case_12_2020-0131',
    'sub_01',
    '12345678',
    'subject-01_left',
    'study1visited_2',
  ])('takes %s for a patient of its own', (name) => {
    expect(patientsOf([name])).toEqual([name]);
  });

  it('goes by the table where there is one, and needs every case in it', () => {
    const table = new Map([
      ['a', 'x'],
      ['sub-01_ses-1', 'y'],
    ]);
    expect(patientsOf(['sub-01_ses-1', 'a'], table)).toEqual(['y', 'x']);
    expect(() => patientsOf(['b'], table)).toThrow('b: the table of patients does not have this case');
  });
});

describe('readPatients', () => {
  const read = async (text: string) => {
    const path = join(await temporaryFolder(), 'patients.csv');
    await writeFile(path, text);
    return readPatients(path);
  };

  it('reads cells as they were before formulas were defused', async () => {
    expect([...(await read("case,patient\n'=a,'-1\n'b',+2\n"))]).toEqual([
      ['=a', '-1'],
      ["'b'", '+2'],
    ]);
  });

  it.each([',', ';', '\t'])('reads cells that are parted by %j', async (by) => {
    const text = [
      ['case', 'age', 'patient'],
      ['a', '60', 'x'],
      ['b', '', 'x'],
    ];
    const table = await read(`\uFEFF${text.map((row) => row.join(by)).join('\r\n')}\r\n`);
    expect([...table]).toEqual([
      ['a', 'x'],
      ['b', 'x'],
    ]);
  });

  it.each([
    ['case,patient\na,x\na,y\n', 'line 3: the case a is listed twice'],
    ['case,patient\na,\n', 'line 2 has no patient'],
    ['name,patient\na,x\n', 'has no column "case"; it needs case, patient'],
    ['case,patient\n', 'lists no cases'],
    ['case,patient\na\n', 'is not a CSV file'],
  ])('refuses %j', async (text, sentence) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'cohort-invalid',
      message: expect.stringContaining(sentence),
    });
  });

  it('says which file cannot be read', async () => {
    await expect(readPatients('gone.csv')).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('gone.csv'),
    });
  });
});

describe('warningOfPatients', () => {
  it('is silent where every scan is of another patient', () => {
    expect(warningOfPatients(['a', 'b'], ['a', 'b'])).toBeNull();
  });

  it('counts the patients and names one', () => {
    const cases = ['P1_visit1', 'P1_visit2', 'P2'];
    expect(warningOfPatients(cases, patientsOf(cases))).toMatchObject({
      code: 'scans-of-one-patient',
      message: expect.stringMatching(/^3 scans are of 2 patients \(P1_visit1, P1_visit2 of P1\)/),
    });
  });
});

it('deals patients out to five folds in turns, all scans of one to the same, in whatever order they come', () => {
  const scans = ['a', 'b', 'a', 'c', 'd', 'e', 'f', 'f', 'g'];
  const folds = new Map(scans.map((patient, i) => [patient, foldsOf(scans)[i]]));
  expect(foldsOf(scans)).toEqual(scans.map((patient) => folds.get(patient)));
  expect([...folds.values()].sort()).toEqual([0, 0, 1, 1, 2, 3, 4]);
  const turned = scans.toReversed();
  expect(foldsOf(turned)).toEqual(turned.map((patient) => folds.get(patient)));
  expect(foldsOf([])).toEqual([]);
});
