import { copyFileSync, mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Slice } from '../../../src/chunks.js';
import { isDicomSource } from '../../../src/formats/dicom/dicom-source.js';
import { closeCodecs } from '../../../src/formats/dicom/pixels/decode.js';
import { DicomSeries } from '../../../src/formats/dicom/series-reader.js';
import type { SeriesVolume } from '../../../src/formats/dicom/series-volume.js';
import type { SliceReading } from '../../../src/formats/scan-source.js';
import type { Warning } from '../../../src/results.js';
import { expectedOf, FIXTURES, headerOf, rangeOf, sha256Of, volumeOf } from '../../support/dicom-pixels.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
});
afterAll(async () => {
  await closeCodecs();
  rmSync(folder, { recursive: true, force: true });
});

const fixtures = expectedOf('pixels.json');
const fixture = (name: string) => rangeOf(join(FIXTURES, 'pixels', name), name);

/** A volume of 8-bit slices, 2 rows by 3 columns, whose voxels are these. */
function volumeOfVoxels(slices: readonly (readonly number[])[], differs: Partial<SeriesVolume> = {}): SeriesVolume {
  const headers = slices.map((voxels, z) => {
    const path = join(folder, `${z}.dcm`);
    writeFileSync(path, Uint8Array.from([0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 6, 0, 0, 0, ...voxels]));
    const pixels = {
      ...fixtures['explicit-u8.dcm'].pixels,
      ...{ rows: 2, columns: 3, valueOffset: 12, valueLength: 6 },
    };
    return headerOf(rangeOf(path, `${z}.dcm`), pixels, { positions: [[0, 0, z]] });
  });
  return volumeOf(headers, differs);
}

async function read(volume: SeriesVolume, reading: Partial<SliceReading> = {}): Promise<Slice[]> {
  const slices: Slice[] = [];
  for await (const slice of new DicomSeries(volume).slices({ case: 'c', name: 'series', ...reading }))
    slices.push(slice);
  return slices;
}
const voxelsOf = (slices: readonly Slice[]) => slices.map(({ data }) => [...data.data]);

const two = [
  [1, 2, 3, 4, 5, 6],
  [7, 8, 9, 10, 11, 12],
];

describe('a series', () => {
  it('comes as slices that know their grid', async () => {
    const slices = await read(volumeOfVoxels(two));
    expect(voxelsOf(slices)).toEqual(two);
    expect(slices.map(({ z }) => z)).toEqual([0, 1]);
    const [{ grid, data }] = slices;
    expect(slices[1].grid).toBe(grid);
    expect(data.shape).toEqual([1, 2, 3]);
    expect(grid).toMatchObject({ shape: [2, 2, 3], channels: 1, axes: [0, 1, 2], box: { stop: [2, 2, 3] } });
    expect(grid.scan).toMatchObject({ case: 'c', placed: true, spacing: [1, 1, 1] });
    expect(grid.scan.affine).toEqual([-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const { header } = grid.scan;
    expect(isDicomSource(header) && header).toMatchObject({
      format: 'dicom',
      study: '1.2.3',
      frames: [
        { file: { name: '0.dcm' }, frame: null, position: [0, 0, 0] },
        { file: { name: '1.dcm' }, frame: null, position: [0, 0, 1] },
      ],
      rows: 2,
      columns: 3,
      flipped: [false, false],
      isUntilted: false,
    });
  });

  it('is laid out as the training scans were, its frames with it', async () => {
    const volume = volumeOfVoxels(two);
    const rows = await read(volume, { orientations: ['LAS'] });
    expect(voxelsOf(rows)).toEqual([
      [4, 5, 6, 1, 2, 3],
      [10, 11, 12, 7, 8, 9],
    ]);
    expect(rows[0].grid.scan.affine).toEqual([-1, 0, 0, 0, 0, 1, 0, -1, 0, 0, 1, 0, 0, 0, 0, 1]);
    const all = await read(volume, { orientations: ['RAI'] });
    expect(voxelsOf(all)).toEqual([
      [12, 11, 10, 9, 8, 7],
      [6, 5, 4, 3, 2, 1],
    ]);
    expect(all[0].grid.scan.affine).toEqual([1, 0, 0, -2, 0, 1, 0, -1, 0, 0, -1, 1, 0, 0, 0, 1]);
    expect(all[0].grid.scan.header).toMatchObject({
      flipped: [true, true],
      frames: [{ position: [0, 0, 1] }, { position: [0, 0, 0] }],
    });
    // The volume is what it was.
    expect(voxelsOf(await read(volume))).toEqual(two);
  });

  it('has its rows shifted against a tilt, before they are flipped', async () => {
    const tilted = (padding: number | null): SeriesVolume =>
      volumeOfVoxels(two, {
        shape: [2, 3, 3],
        untilt: { degrees: 10, shifts: Float64Array.of(0, 0.5), rows: 3, padding },
      });
    // Half a row: what there is, then the mean of both.
    expect(voxelsOf(await read(tilted(-5)))).toEqual([
      [1, 2, 3, 4, 5, 6, -5, -5, -5],
      [7, 8, 9, 8.5, 9.5, 10.5, -5, -5, -5],
    ]);
    const flipped = await read(tilted(null), { orientations: ['LAS'] });
    expect(voxelsOf(flipped)).toEqual([
      [1, 1, 1, 4, 5, 6, 1, 2, 3],
      [7, 7, 7, 8.5, 9.5, 10.5, 7, 8, 9],
    ]);
    expect(flipped[0].grid.scan.affine.slice(4, 8)).toEqual([0, 1, 0, -2]);
    expect(flipped[0].grid.scan.header).toMatchObject({ isUntilted: true, rows: 2 });
  });

  it('takes the frames of files of many in any order, packed or not', async () => {
    for (const name of ['frames-explicit.dcm', 'frames-jpegls.dcm', 'frames-deflated.dcm', 'frames-marked.dcm']) {
      const { pixels, sha256, ...rescale } = fixtures[name];
      const volume = volumeOf([headerOf(fixture(name), pixels, rescale)]);
      expect((await read(volume)).map(({ data }) => sha256Of(data.data))).toEqual(sha256);
      const backwards = { ...volume, slices: [...volume.slices].reverse() };
      const slices = await read(backwards);
      expect(slices.map(({ data }) => sha256Of(data.data))).toEqual([...sha256].reverse());
      expect(slices[0].grid.scan.header).toMatchObject({ frames: [{ frame: 3 }, { frame: 2 }, { frame: 1 }] });
    }
  });

  it('has a slope and an intercept a slice', async () => {
    const { pixels, sha256 } = fixtures['explicit-u12.dcm'];
    const one = headerOf(fixture('explicit-u12.dcm'), pixels, { slope: 1, intercept: -1024 });
    const other = headerOf(fixture('explicit-u12.dcm'), pixels, { slope: 0.5, intercept: 3 });
    const [first, second] = await read(volumeOf([one, other]));
    expect(sha256Of(first.data.data)).toBe(sha256[0]);
    expect([...second.data.data]).toEqual([...first.data.data].map((value) => (value + 1024) * 0.5 + 3));
  });

  it('tells what is wrong with it at the beginning', async () => {
    const { pixels } = fixtures['monochrome1.dcm'];
    const warning = { code: 'lossy-pixels', message: 'Lossy.' };
    const told: [Warning, string][] = [];
    const volume = volumeOf([headerOf(fixture('monochrome1.dcm'), pixels)], { warnings: [warning] });
    await read(volume, { onWarning: (...args) => told.push(args) });
    expect(told).toEqual([
      [warning, 'c'],
      [{ code: 'monochrome1', message: expect.stringMatching(/^1 of 1 slices are to be shown inverted/) }, 'c'],
    ]);
  });

  it('stops when nobody asks for more, and reads again from the beginning', async () => {
    const series = new DicomSeries(volumeOfVoxels(two));
    const reading = { case: 'c', name: 'series' };
    for await (const slice of series.slices(reading)) {
      expect(slice.z).toBe(0);
      break;
    }
    const again = [];
    for await (const slice of series.slices(reading)) again.push(slice);
    expect(voxelsOf(again)).toEqual(two);
  });
});

describe('a series that cannot be read', () => {
  it('is refused where it is larger than allowed, before anything is read', async () => {
    const volume = volumeOfVoxels(two);
    for (const { header } of volume.slices) unlinkSync(header.file.path);
    const limits = { slices: 1, sliceVoxels: 5, bytes: 11 };
    for (const [limit, most] of Object.entries(limits))
      await expect(read(volume, { limits: { [limit]: most } })).rejects.toMatchObject({
        code: 'limit-exceeded',
        option: `limits.${limit}`,
        subject: 'series',
      });
    await expect(read(volume)).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('0.dcm') });
  });

  it('is one with a slice that is shorter than it was', async () => {
    const volume = volumeOfVoxels(two);
    truncateSync(volume.slices[1].header.file.path, 14);
    const told: Slice[] = [];
    const reading = (async () => {
      for await (const slice of new DicomSeries(volume).slices({ case: 'c', name: 's' })) told.push(slice);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'truncated', subject: '1.dcm' });
    expect(told).toHaveLength(1);
  });

  it('is one with a slice that became another file', async () => {
    const volume = volumeOfVoxels(two);
    copyFileSync(join(FIXTURES, 'pixels', 'explicit-u8.dcm'), volume.slices[0].header.file.path);
    await expect(read(volume)).rejects.toThrow(/^0\.dcm: its pixels no longer begin at byte 12/);
  });

  it('is one whose slices have several sizes', async () => {
    const [a, b] = ['explicit-u8.dcm', 'frames-odd.dcm'].map((name) => headerOf(fixture(name), fixtures[name].pixels));
    await expect(read(volumeOf([a, b]))).rejects.toThrow(
      /^series: frames-odd\.dcm has 23 x 37 voxels, and explicit-u8\.dcm 40 x 61/,
    );
  });

  it('is one without pixels', async () => {
    const header = headerOf(fixture('explicit-u8.dcm'), fixtures['explicit-u8.dcm'].pixels);
    const volume = volumeOf([header]);
    const without = { ...volume, slices: [{ ...volume.slices[0], header: { ...header, pixels: null } }] };
    await expect(read(without)).rejects.toMatchObject({ code: 'dicom-unsupported' });
  });
});
