import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DicomWeb } from '../../src/client/dicomweb.js';
import { stow } from '../../src/client/stow.js';
import type { FileRange } from '../../src/files/file-range.js';
import { Orthanc } from './support/orthanc.js';
import { detector, expectNobody, filesBelow, fresh, linesOf, run, scoreOf, variant } from './support/runs.js';

const STUDY = '2.25.18.1';
const rangeOf = (path: string): FileRange => ({ name: basename(path), path, start: 0, length: statSync(path).size });

let orthanc: Orthanc;
let url: string;
beforeAll(async () => {
  orthanc = await new Orthanc().start();
  url = orthanc.dicomweb;
});
afterAll(() => orthanc?.end());

describe('DICOMweb, with Orthanc', () => {
  const files = filesBelow(variant('base')).map(rangeOf);
  let series: string;

  it('takes what stow sends', async () => {
    await stow(url, files);
    // The same again replaces it.
    await stow(url, files);
    expect(await orthanc.instances()).toHaveLength(files.length);
  });

  it('lists the series, and its objects', async () => {
    const [found, ...others] = await new DicomWeb({ url }).series(STUDY);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ modality: 'CT', instances: files.length });
    ({ series } = found);
    const instances = await new DicomWeb({ url }).instances({ study: STUDY, series });
    expect(new Set(instances.map(({ instance }) => instance)).size).toBe(files.length);
    expect(new Set(instances.map(({ sopClass }) => sopClass))).toEqual(new Set(['1.2.840.10008.5.1.4.1.1.2']));
    expect(await new DicomWeb({ url }).instances({ study: STUDY, series }, 1)).toHaveLength(1);
  });

  it('gives every object as it was sent, to the last byte', async () => {
    const got: Buffer[] = [];
    const count = await new DicomWeb({ url }).retrieve({ study: STUDY, series }, async (bytes) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of bytes) pieces.push(piece);
      got.push(Buffer.concat(pieces));
    });
    const sorted = (all: readonly Buffer[]) => [...all].sort(Buffer.compare);
    expect(count).toBe(files.length);
    expect(sorted(got).every((bytes, i) => bytes.equals(sorted(files.map(({ path }) => readFileSync(path)))[i]))).toBe(
      true,
    );
  });

  it('is scored as the files are', async () => {
    const local = await scoreOf(variant('base'), ['--case', 'x']);
    const ran = await run(['dicomweb', url, '--study', STUDY, '-d', detector, '--case', 'x']);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(linesOf(ran)).toEqual([local]);
  });

  it('tells in one sentence what is refused', async () => {
    const path = join(fresh(), 'notes');
    writeFileSync(path, 'this is no DICOM');
    const error = await stow(url, [rangeOf(path)]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'peer-failed', status: 400, subject: `${url}/studies` });
    expect(await new DicomWeb({ url }).series('1.2.3')).toEqual([]);
    await expect(
      new DicomWeb({ url }).retrieve({ study: STUDY, series: '1.2.3' }, async () => {}),
    ).rejects.toMatchObject({ code: 'peer-failed', status: 404 });
    expectNobody(String(error));
  });
});
