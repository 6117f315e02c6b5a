import { createHash } from 'node:crypto';
import { createReadStream, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Slice } from '../../../src/chunks.js';
import { readRange } from '../../../src/files/file-range.js';
import { type FilePlace, folderPlace, heldPlace } from '../../../src/formats/dicom/file-place.js';
import { readHeaders } from '../../../src/formats/dicom/find.js';
import { FoundSeries } from '../../../src/formats/dicom/found-series.js';
import { SeriesGroups } from '../../../src/formats/dicom/group.js';
import { contiguous } from '../../../src/maths/volume/contiguous.js';
import type { Warning } from '../../../src/results.js';
import { load } from '../../../src/stages/load.js';
import { CT_NIFTI, folderOf, studyFiles, studyFolder } from '../../support/dicom.js';

async function seriesIn(place: FilePlace, options: { untilt?: boolean; notes?: Warning[] } = {}): Promise<FoundSeries> {
  const groups = new SeriesGroups();
  for await (const header of readHeaders(place.all())) if ('file' in header) groups.add(header);
  const [candidate] = groups.candidates;
  return new FoundSeries({ name: 'scans', place, candidate, ...options });
}

async function voxelsOf(slices: AsyncIterable<Slice>): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for await (const { z, data } of slices) {
    expect(z).toBe(all.length);
    all.push(Float32Array.from(contiguous(data)));
  }
  return all;
}

describe('a series that was found', () => {
  it('has the voxels that SimpleITK reads, as often as it is asked', async () => {
    const series = await seriesIn(folderPlace(await studyFolder('ct')));
    const expected = await voxelsOf(createReadStream(CT_NIFTI).pipe(load()));
    for (let i = 0; i < 2; i++) expect(await voxelsOf(series.slices({ case: 'x', name: 'scans' }))).toEqual(expected);
    expect(series.summary).toMatchObject({ number: '2', modality: 'CT', slices: 20, kernel: 'B40f' });
    expect(series.paths).toHaveLength(20);
  });

  it('has one hash whatever its files are called and wherever they lie, and another with another pixel', async () => {
    const files = await studyFiles('ct');
    const hash = await (await seriesIn(folderPlace(await folderOf(files)))).hash();
    const shuffled = [...files.values()].map((bytes, i) => [`${(i * 7) % 20}/${i}.ima`, bytes] as const);
    const other = folderPlace(await folderOf(shuffled));
    expect(await (await seriesIn(other)).hash()).toBe(hash);
    expect(await (await seriesIn(other, { untilt: true })).hash()).not.toBe(hash);
    const [[name, bytes]] = shuffled;
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] ^= 1;
    expect(
      await (await seriesIn(folderPlace(await folderOf([...shuffled.slice(1), [name, changed]])))).hash(),
    ).not.toBe(hash);
    // The bytes of the files by z, as dcmdump and sha256sum would tell.
    const sum = createHash('sha256').update('series');
    for (const [path, content] of [...files].sort(([a], [b]) => zOf(a) - zOf(b)))
      sum.update(`${content.length} `).update(content) && expect(path).toMatch(/^ct\/IM/);
    expect(hash).toBe(sum.digest('hex'));
  });

  it('says first what lay beside it', async () => {
    const notes = [{ code: 'set-aside', message: 'Set aside: localizers (1); they are no scans.' }];
    const series = await seriesIn(folderPlace(await studyFolder('ct')), { notes });
    const told: [Warning, string][] = [];
    for await (const _ of series.slices({ case: 'x', name: 'y', onWarning: (...one) => told.push(one) })) break;
    expect(told).toEqual([[notes[0], 'x']]);
  });

  it('is read as its files are when its turn comes', async () => {
    const folder = await studyFolder('ct');
    const series = await seriesIn(folderPlace(folder));
    const [other] = (await studyFiles('patient-2')).values();
    writeFileSync(join(folder, 'ct/IM0003'), other);
    await expect(series.volume()).rejects.toMatchObject({
      code: 'series-inconsistent',
      message:
        'scans: 1 of the 20 files of its series are others now; it was changed while it was in use, run it again.',
    });
    rmSync(join(folder, 'ct/IM0003'));
    await expect(series.volume()).rejects.toMatchObject({
      code: 'io',
      message: 'cannot read ct/IM0003: there is no such file or folder.',
    });
  });

  it('may lie in an archive that came as a stream', async () => {
    const place = folderPlace(await studyFolder('ct'));
    const files = [];
    for await (const file of place.all()) if ('path' in file) files.push(file);
    const series = await seriesIn(heldPlace('stdin', files));
    expect(series.paths).toEqual(['-']);
    expect((await series.files()).length).toBe(20);
    expect((await readRange((await series.files())[0], 128, 4)).toString()).toBe('DICM');
  });
});

/** By test/oracle/dicom_inputs.py: slice i is called IM(7 i + 3 mod 20). */
function zOf(path: string): number {
  const number = Number(path.slice(-4));
  return Array.from({ length: 20 }, (_, i) => i).findIndex((i) => (7 * i + 3) % 20 === number);
}
