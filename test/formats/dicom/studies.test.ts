import { expect, it } from 'vitest';
import { SegcanaryError } from '../../../src/errors.js';
import { folderPlace } from '../../../src/formats/dicom/file-place.js';
import { readHeaders } from '../../../src/formats/dicom/find.js';
import { studiesOf } from '../../../src/formats/dicom/studies.js';
import { studyFolder } from '../../support/dicom.js';

const ROOT = '1.2.826.0.1.3680043.8.498.18';
const damaged = (name: string) => ({ name, error: new SegcanaryError('truncated', 'is cut', { subject: name }) });

it('has the files of a study together, whatever folders they lie in', async () => {
  const place = folderPlace(await studyFolder('ct', 'bone', 'patient-2', 'plan'));
  const { studies } = await studiesOf(readHeaders(place.all()));
  expect(studies.map(({ uid, names, headers }) => [uid, names.length, headers?.length])).toEqual([
    [`${ROOT}.1`, 28, 28],
    [`${ROOT}.2`, 8, 8],
  ]);
});

it('keeps no headers of a large batch', async () => {
  const place = folderPlace(await studyFolder('ct', 'patient-2'));
  for (const kept of [0, 10, 20, 27]) {
    const { studies } = await studiesOf(readHeaders(place.all()), kept);
    expect(studies.map(({ names, headers }) => [names.length, headers])).toEqual([
      [20, null],
      [8, null],
    ]);
  }
});

it('takes a damaged file for one of every study beside it, or for that of the only one', async () => {
  const place = folderPlace(await studyFolder('ct', 'patient-2'));
  async function* and(...names: string[]) {
    yield* readHeaders(place.all());
    for (const name of names) yield damaged(name);
  }
  const { studies, damaged: lost } = await studiesOf(and('ct/cut', 'elsewhere/cut'));
  expect(studies.map((study) => study.damaged.map(({ name }) => name))).toEqual([['ct/cut'], []]);
  expect(lost.map(({ name }) => name)).toEqual(['elsewhere/cut']);
  const only = folderPlace(await studyFolder('ct'));
  async function* alone() {
    yield* readHeaders(only.all());
    yield damaged('elsewhere/cut');
  }
  const found = await studiesOf(alone());
  expect(found.studies[0].damaged).toHaveLength(1);
  expect(found.damaged).toEqual([]);
});
