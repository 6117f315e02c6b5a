import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DicomHeader, FrameDimensions } from '../../../src/formats/dicom/dicom-header.js';
import { SeriesGroups } from '../../../src/formats/dicom/group.js';
import { readDicomHeader } from '../../../src/formats/dicom/header.js';
import { axial, frameOf, type HeaderParts, headerOf, wholeFile } from '../../support/series.js';

function groupsOf(headers: readonly DicomHeader[]): SeriesGroups {
  const groups = new SeriesGroups();
  for (const header of headers) groups.add(header);
  return groups;
}

/** Number, slices and part of every candidate. */
const found = (headers: readonly DicomHeader[]) =>
  groupsOf(headers).candidates.map(({ number, slices, part }) => [number, slices, part]);

const heights = [0, 3, 6, 9];
const dimensions = (parts: Partial<FrameDimensions>): FrameDimensions => ({
  stack: null,
  temporal: null,
  echoTime: null,
  bValue: null,
  triggerTime: null,
  acquisition: null,
  indices: [],
  type: null,
  ...parts,
});

describe('a series', () => {
  it('alone is the candidate, with what a user knows it by', () => {
    const [candidate, ...others] = groupsOf(axial(heights)).candidates;
    expect(others).toEqual([]);
    const { headers, ...said } = candidate;
    expect(said).toEqual({
      number: '4',
      uid: '1.3',
      modality: 'CT',
      description: 'Thorax',
      kernel: 'B40f',
      slices: 4,
      part: null,
    });
    expect(headers).toEqual(axial(heights));
  });

  it('is told from another by its UID, in the order of numbers', () => {
    const second = axial(heights, { series: '1.2', seriesNumber: 10 });
    const unnumbered = axial(heights, { series: '1.1', seriesNumber: null });
    expect(found([...unnumbered, ...second, ...axial(heights)])).toEqual([
      ['4', 4, null],
      ['10', 4, null],
      ['?', 4, null],
    ]);
  });

  const magnitude = axial(heights, { imageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND'] });
  const phase = axial(heights, { imageType: ['ORIGINAL', 'PRIMARY', 'P', 'ND'] });

  it('of two image types is two candidates, whatever the order of its files', () => {
    const expected = [
      ['4.1', 4, 'image type ORIGINAL\\PRIMARY\\M'],
      ['4.2', 4, 'image type ORIGINAL\\PRIMARY\\P'],
    ];
    expect(found([...magnitude, ...phase])).toEqual(expected);
    expect(found([...phase, ...magnitude].toReversed())).toEqual(expected);
  });

  it('whose image types differ behind the third word is one', () => {
    const other = axial([12], { imageType: ['ORIGINAL', 'PRIMARY', 'M', 'NORM'] });
    expect(found([...magnitude, ...other])).toEqual([['4', 5, null]]);
  });

  it('of two matrices or orientations is two', () => {
    const small = axial(heights, { pixels: { rows: 3 } });
    expect(found([...axial(heights), ...small]).map(([, , part]) => part)).toEqual(['3 x 5 pixels', '6 x 5 pixels']);
    const upright = axial(heights, { frame: { orientation: [1, 0, 0, 0, 0, -1] } });
    expect(found([...axial(heights), ...upright]).map(([, , part]) => part)).toEqual([
      'rows along 1, 0, 0, columns along 0, 0, -1',
      'rows along 1, 0, 0, columns along 0, 1, 0',
    ]);
  });

  it('whose orientations differ by rounding is one', () => {
    const rounded = axial([12], { frame: { orientation: [0.9999, 0.0004, 0, 0, 1, 0] } });
    expect(found([...axial(heights), ...rounded])).toEqual([['4', 5, null]]);
  });
});

describe('slices at one place', () => {
  const at = (parts: Partial<FrameDimensions>, header: HeaderParts = {}) =>
    axial(heights, { ...header, frame: { dimensions: dimensions(parts) } });

  it.each([
    ['temporal position 1', 'temporal position 2', { temporal: 1 }, { temporal: 2 }],
    ['echo time 9.5 ms', 'echo time 30 ms', { echoTime: 9.5 }, { echoTime: 30 }],
    ['b-value 0 s/mm2', 'b-value 1000 s/mm2', { bValue: 0 }, { bValue: 1000 }],
    ['trigger time 5 ms', 'trigger time 50 ms', { triggerTime: 5 }, { triggerTime: 50 }],
    ['acquisition 1', 'acquisition 2', { acquisition: 1 }, { acquisition: 2 }],
    ['dimension 2 index 1', 'dimension 2 index 2', { indices: [1, 1] }, { indices: [1, 2] }],
  ])('are parts by %s and %s', (first, second, a, b) => {
    expect(found([...at(b), ...at(a)])).toEqual([
      ['4.1', 4, first],
      ['4.2', 4, second],
    ]);
  });

  it('are parts by the rest of their image type', () => {
    const dixon = (word: string) => axial(heights, { imageType: ['DERIVED', 'PRIMARY', 'M', 'DIXON', word] });
    expect(found([...dixon('WATER'), ...dixon('FAT')]).map(([, , part]) => part)).toEqual([
      'image type DERIVED\\PRIMARY\\M\\DIXON\\FAT',
      'image type DERIVED\\PRIMARY\\M\\DIXON\\WATER',
    ]);
  });

  it('are no slices one by one, by what each has of its own', () => {
    const numbered = (from: number) =>
      heights.map((z, i) =>
        headerOf({
          sopInstance: `${from}.${i}`,
          frame: {
            position: [0, 0, z],
            dimensions: dimensions({ triggerTime: from + 7 * i, indices: [1, from + i] }),
          },
        }),
      );
    expect(found([...numbered(1), ...numbered(100)])).toEqual([['4', 8, null]]);
  });

  it('that nothing tells apart stay together, to be compared', () => {
    expect(found([...axial(heights), ...axial([3], { sopInstance: '2.1' })])).toEqual([['4', 5, null]]);
  });

  it('of one slice that was taken again stay together', () => {
    const again = axial([3], { sopInstance: '2.1', frame: { dimensions: dimensions({ acquisition: 2 }) } });
    expect(found([...at({ acquisition: 1 }), ...again])).toEqual([['4', 5, null]]);
  });

  it('are no reason for two stacks', () => {
    const beside = at({ stack: '2' }).map((header, i) => ({
      ...header,
      frames: header.frames.map((frame) => ({ ...frame, position: [100, 0, 3 * i] as const })),
    }));
    expect(found([...at({ stack: '1' }), ...beside])).toEqual([
      ['4.1', 4, 'stack 1'],
      ['4.2', 4, 'stack 2'],
    ]);
  });

  it('of an enhanced object are split by stack, time and direction', async () => {
    const header = await readDicomHeader(
      wholeFile(join(import.meta.dirname, '../../fixtures/dicom-headers/enhanced-mr.dcm')),
    );
    if (header === null) return expect.fail('was taken for something else');
    const { candidates } = groupsOf([header]);
    expect(candidates.map(({ number, slices, part }) => [number, slices, part])).toEqual([
      ['4.1', 3, 'rows along 0, 1, 0, columns along 0, 0, -1, temporal position 1'],
      ['4.2', 3, 'rows along 0, 1, 0, columns along 0, 0, -1, temporal position 2'],
      ['4.3', 3, 'rows along 1, 0, 0, columns along 0, 1, 0, temporal position 1'],
      ['4.4', 3, 'rows along 1, 0, 0, columns along 0, 1, 0, temporal position 2'],
    ]);
    expect(candidates.map(({ headers }) => headers.flatMap(({ frames }) => frames.map(({ index }) => index)))).toEqual([
      [6, 7, 8],
      [9, 10, 11],
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });
});

it('frames in tens of thousands of directions take no time', () => {
  const frames = Array.from({ length: 40_000 }, (_, i) => {
    const [cos, sin] = [Math.cos(i / 50), Math.sin(i / 50)];
    return frameOf({ index: i, orientation: [cos, sin, 0, 0, 0, -1], position: [i, 0, 0] });
  });
  const start = performance.now();
  const groups = groupsOf([{ ...headerOf({ pixels: { frames: frames.length } }), frames }]);
  expect(groups.candidates.length).toBeGreaterThan(0);
  expect(performance.now() - start).toBeLessThan(10_000);
});

describe('what is set aside', () => {
  const aside = (...headers: DicomHeader[]) => groupsOf([...axial(heights), ...headers]);
  const localizer = headerOf({ imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'], frame: { position: [0, 0, 1] } });

  it.each([
    ['localizers', localizer],
    ['localizers', headerOf({ imageType: ['DERIVED', 'SECONDARY', 'MPR', 'LOCALIZER'] })],
    [
      'radiotherapy structure sets',
      { ...headerOf({ sopClass: '1.2.840.10008.5.1.4.1.1.481.3' }), pixels: null, frames: [] },
    ],
    ['segmentations', { ...headerOf({ sopClass: '1.2.840.10008.5.1.4.1.1.66.4' }), pixels: null, frames: [] }],
    ['structured reports', { ...headerOf({ sopClass: '1.2.840.10008.5.1.4.1.1.88.33' }), pixels: null, frames: [] }],
    ['presentation states', { ...headerOf({ sopClass: '1.2.840.10008.5.1.4.1.1.11.1' }), pixels: null, frames: [] }],
    [
      'radiation dose reports',
      { ...headerOf({ sopClass: '1.2.840.10008.5.1.4.1.1.88.67' }), pixels: null, frames: [] },
    ],
    ['secondary captures', headerOf({ sopClass: '1.2.840.10008.5.1.4.1.1.7' })],
    ['colour images', headerOf({ pixels: { samplesPerPixel: 3 } })],
    ['pictures of a screen', headerOf({ imageType: ['DERIVED', 'SECONDARY', 'SCREEN SAVE'] })],
    ['slices without a place', headerOf({ frame: { orientation: null, position: null } })],
    ['slices by themselves', headerOf({ series: '1.7' })],
    ['slices by themselves', headerOf({ frame: { orientation: [0, 1, 0, 0, 0, -1] } })],
    ['multi-frame objects', { ...headerOf({ pixels: { frames: 9 } }), frames: [] }],
    ['objects that are neither CT nor MR nor PET', headerOf({ sopClass: '1.2.840.10008.5.1.4.1.1.6.1' })],
  ])('%s', (what, header) => {
    const groups = aside(header);
    expect(groups.setAside).toEqual([{ what, count: 1, reason: expect.any(String) }]);
    expect(groups.candidates).toHaveLength(1);
    expect(groups.candidates[0].slices).toBe(4);
  });

  it('is counted', () => {
    expect(aside(localizer, localizer, localizer).setAside).toMatchObject([{ what: 'localizers', count: 3 }]);
  });

  it('is no single slice where there is nothing else', () => {
    expect(found(axial([5]))).toEqual([['4', 1, null]]);
    expect(found([localizer])).toEqual([]);
    expect(found(axial([5], { frame: { orientation: null } }))).toEqual([['4', 1, null]]);
  });
});
