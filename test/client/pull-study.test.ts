import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DicomWeb } from '../../src/client/dicomweb.js';
import { type PullOptions, pullStudy } from '../../src/client/pull-study.js';
import type { FileRange } from '../../src/files/file-range.js';
import { DicomArchive } from '../support/dicom-archive.js';
import type { CtSlice } from '../support/dicom-bytes.js';
import { dicomFile } from '../support/dicom-series.js';
import { temporaryFolder } from '../support/folder.js';
import { seriesUid, writeSeries } from '../support/sent-series.js';

const STUDY = '1.2.826.0.1.3680043.10.2';
const SHAPE = [5, 8, 8] as const;

interface Given {
  readonly archive: DicomArchive;
  readonly tmpdir: string;
  pull(options?: Partial<PullOptions>): ReturnType<typeof pullStudy>;
}

/** An archive with series of a study. */
async function given(...series: readonly (readonly FileRange[])[]): Promise<Given> {
  const folder = await temporaryFolder();
  const tmpdir = await temporaryFolder();
  const archive = await DicomArchive.start(series.flat(), folder);
  const web = new DicomWeb({ url: archive.url });
  return { archive, tmpdir, pull: (options) => pullStudy({ web, study: STUDY, tmpdir, key: 'a key', ...options }) };
}

const ct = async (seed: number, more: Partial<Parameters<typeof writeSeries>[0]> = {}) =>
  writeSeries({ folder: await temporaryFolder(), seed, shape: SHAPE, study: STUDY, ...more });

/** A series of one object. */
async function single(slice: Omit<CtSlice, 'study' | 'z' | 'sopInstance'>): Promise<FileRange[]> {
  const path = join(await temporaryFolder(), 'single');
  const bytes = dicomFile({ ...slice, study: STUDY, sopInstance: `${slice.series}.1`, z: 0 });
  writeFileSync(path, bytes);
  return [{ name: 'single', path, start: 0, length: bytes.length }];
}

const REPORT = { modality: 'SR', sopClass: '1.2.840.10008.5.1.4.1.1.88.33' };
const MAP = { sopClass: '1.2.840.10008.5.1.4.1.1.30' };

describe('pullStudy', () => {
  it('fetches the only scan of a study, and passes over what is none without fetching it', async () => {
    const scout = await single({ series: '1.2.3', type: 'ORIGINAL\\PRIMARY\\LOCALIZER' });
    const others = [await single({ series: '1.2.4', ...REPORT }), await single({ series: '1.2.5', ...MAP })];
    const { archive, pull, tmpdir } = await given(await ct(1), scout, ...others);
    const { inputs, remove } = await pull();
    expect(inputs).toHaveLength(1);
    const [{ series, error, file }] = inputs;
    expect([error, file]).toEqual([undefined, 'the study']);
    const volume = await series![0].volume();
    expect(volume.shape).toEqual(SHAPE);
    expect(volume.slices.map(({ header }) => header.file.name)).toEqual([1, 2, 3, 4, 5].map((i) => `series 3/${i}`));
    const fetched = archive.asked.filter((asked) => !/series$|instances$/.test(asked));
    expect(fetched.map((asked) => asked.replace(/.*series\//, ''))).toEqual([
      `${seriesUid(1)}/instances/${seriesUid(1)}.7.1`,
      '1.2.3/instances/1.2.3.1',
      seriesUid(1),
    ]);
    expect(readdirSync(tmpdir)).toHaveLength(1);
    await remove();
    expect(readdirSync(tmpdir)).toEqual([]);
  });

  it('lists series where several can be scored, takes the named one, or each', async () => {
    const { archive, pull, tmpdir } = await given(await ct(1), await ct(2, { number: 4 }));
    await expect(pull()).rejects.toMatchObject({
      code: 'usage',
      option: 'series',
      message: expect.stringMatching(/^the study: has 2 series .* 3 \(CT, 5 slices, kernel B40f\); 4 \(CT, 5 slices/),
    });
    const uids = async (options: Partial<PullOptions>) => {
      const { inputs, remove } = await pull(options);
      await remove();
      return inputs.map(({ series = [] }) => series.map(({ summary }) => summary.uid).join());
    };
    expect(await uids({ series: ['4'] })).toEqual([seriesUid(2)]);
    expect(await uids({ series: ['4', '3'] })).toEqual([`${seriesUid(2)},${seriesUid(1)}`]);
    expect(await uids({ eachSeries: true })).toEqual([seriesUid(1), seriesUid(2)]);
    archive.asked.length = 0;
    expect(await uids({ series: [seriesUid(1)] })).toEqual([seriesUid(1)]);
    // A UID says which: nothing is looked at before.
    expect(archive.asked).toHaveLength(2);
    await expect(pull({ series: ['9'] })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('there is no series 9; choose from 3 (CT'),
    });
    expect(readdirSync(tmpdir)).toEqual([]);
  });

  it('keeps apart series of one number', async () => {
    const { pull } = await given(await ct(1), await ct(2));
    const { inputs, remove } = await pull({ eachSeries: true });
    const files = await Promise.all(inputs.map(({ series }) => series![0].files()));
    expect(files.map(([{ name }]) => name)).toEqual(['series 3 (1)/1', 'series 3 (2)/1']);
    expect((await Promise.all(inputs.map(({ series }) => series![0].volume()))).map(({ shape }) => shape)).toEqual([
      SHAPE,
      SHAPE,
    ]);
    await remove();
  });

  it('refuses a study that is not there, a part of a series, and more than is allowed; nothing stays', async () => {
    const { archive, pull, tmpdir } = await given(await ct(1));
    await expect(pull({ study: '1.2.3' })).rejects.toMatchObject({ code: 'usage', subject: 'the study' });
    await expect(pull({ limits: { members: 4 } })).rejects.toMatchObject({ code: 'limit-exceeded' });
    await expect(pull({ limits: { bytes: 2000 } })).rejects.toMatchObject({ code: 'limit-exceeded' });
    archive.override = (request, response) => {
      if (!request.url?.includes('/series?')) return false;
      const Value = (value: unknown) => ({ vr: 'UN', Value: [value] });
      response.end(JSON.stringify([{ '0020000E': Value(seriesUid(1)), '00200011': Value(3), '00201209': Value(6) }]));
      return true;
    };
    await expect(pull()).rejects.toMatchObject({
      code: 'peer-failed',
      message: 'the study: the archive gave 5 of the 6 objects of series 3; ask for it again.',
    });
    archive.override = (request, response) => {
      if (!request.url?.endsWith(seriesUid(1))) return false;
      response.writeHead(200, { 'content-type': 'multipart/related; boundary=b' }).end('--b\r\n\r\ncut');
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'truncated' });
    expect(readdirSync(tmpdir)).toEqual([]);
  });

  it('stops when it is told', async () => {
    const { archive, tmpdir } = await given(await ct(1));
    const controller = new AbortController();
    archive.override = (request) => {
      if (!request.url?.endsWith(seriesUid(1))) return false;
      controller.abort();
      return true;
    };
    const { signal } = controller;
    const web = new DicomWeb({ url: archive.url, signal });
    await expect(pullStudy({ web, study: STUDY, tmpdir, key: 'a key', signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(readdirSync(tmpdir)).toEqual([]);
  });
});
