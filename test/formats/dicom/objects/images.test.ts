import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scan } from '../../../../src/chunks.js';
import { closeCodecs } from '../../../../src/formats/dicom/pixels/decode.js';
import { contentOf } from '../../../../src/formats/open.js';
import type { ImageDescription } from '../../../../src/formats/volume-writer.js';
import { createVolumeWriter } from '../../../../src/formats/write.js';
import { itemsOf, parsed, ROOT, rawOf, SERIES, scanOfSeries, seriesOf } from '../../../support/dicom-objects.js';
import { temporaryFolder } from '../../../support/folder.js';
import { scanOf } from '../../../support/grids.js';

const algorithm = { name: 'nnU-Net', version: 'ab'.repeat(32) };
const labels = { background: 0, lung: 1, 'Lübecker Tumor': 2 };
const segmentation = { labels, regionsClassOrder: null };

let scan: Scan;
/** The same series, laid out the other way round along every axis. */
let turned: Scan;

beforeAll(async () => {
  const series = await seriesOf();
  scan = await scanOfSeries(series);
  turned = { ...(await scanOfSeries(series)) };
});
afterAll(closeCodecs);

/** Label of the frame at rank r, row, column; plane 0 is empty. */
const labelAt = (rank: number, row: number, column: number): number =>
  rank === 0 ? 0 : row === rank ? 1 : column === 6 && rank > 1 ? 2 : 0;

/** Slices as the grid has them that holds these values in the order of the source's frames. */
function planesFor(of: Scan, at: (rank: number, row: number, column: number) => number): number[][] {
  const header = of.header as unknown as { flipped: [boolean, boolean] };
  return Array.from({ length: 4 }, (_, z) =>
    Array.from({ length: 35 }, (_, i) => {
      const [y, x] = [Math.floor(i / 7), i % 7];
      return at(z, header.flipped[0] ? 4 - y : y, header.flipped[1] ? 6 - x : x);
    }),
  );
}

async function segmented(of: Scan, description: Partial<ImageDescription> = {}) {
  const path = join(await temporaryFolder(), 'a_seg.dcm');
  const writer = await createVolumeWriter(path, {
    scan: of,
    dataType: 'uint8',
    content: 'labels',
    description: { algorithm, segmentation, ...description },
  });
  for (const plane of planesFor(of, labelAt)) await writer.write(Uint8Array.from(plane));
  await writer.commit();
  return path;
}

describe('a binary segmentation', () => {
  it('has a frame for each segment and plane that is not empty, bits one behind another', async () => {
    const data = await parsed(await segmented(scan));
    expect(data.string('x00080016')).toBe('1.2.840.10008.5.1.4.1.1.66.4');
    expect(data.string('x00620001')).toBe('BINARY');
    const frames = itemsOf(data, 'x52009230').map((item) => [
      itemsOf(item, 'x0062000a')[0].uint16('x0062000b'),
      itemsOf(item, 'x00209111')[0].uint32('x00209157', 1),
      itemsOf(item, 'x00209113')[0].string('x00200032'),
    ]);
    // Positions as pydicom wrote them: 2.5 mm apart along row x column = (-.48, .64, .6).
    expect(frames).toEqual([
      [1, 2, '-11.2\\22.1\\31.75'],
      [1, 3, '-12.4\\23.7\\33.25'],
      [1, 4, '-13.6\\25.3\\34.75'],
      [2, 3, '-12.4\\23.7\\33.25'],
      [2, 4, '-13.6\\25.3\\34.75'],
    ]);
    const bits = rawOf(data, 'x7fe00010');
    const at = (i: number) => (bits[i >> 3] >> (i & 7)) & 1;
    const expected = [
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 2],
      [2, 3],
    ].flatMap(([label, rank]) =>
      Array.from({ length: 35 }, (_, i) => Number(labelAt(rank, Math.floor(i / 7), i % 7) === label)),
    );
    expect(Array.from({ length: 175 }, (_, i) => at(i))).toEqual(expected);
    expect(bits.length).toBe(22);
  });

  it('refers to its series and frames, and copies patient and study and nothing private', async () => {
    const path = await segmented(scan);
    const data = await parsed(path);
    // The bytes of the source, whatever its character set.
    expect(rawOf(data, 'x00100010').toString('latin1')).toBe('Müller^Jürgen ');
    expect(data.string('x00080005')).toBe('ISO_IR 100');
    expect(['x00100020', 'x00100030', 'x00080050', 'x00200010', 'x00081030'].map((tag) => data.string(tag))).toEqual([
      'P-1',
      '19700102',
      'A17',
      'S1',
      'Thorax',
    ]);
    expect([data.string('x0020000d'), data.string('x00200052')]).toEqual([`${ROOT}.1`, `${ROOT}.4`]);
    expect([data.intString('x00200011'), data.string('x00080023'), data.string('x00080033')]).toEqual([
      401,
      '20240131',
      '101500',
    ]);
    const [series] = itemsOf(data, 'x00081115');
    expect(series.string('x0020000e')).toBe(`${ROOT}.2`);
    expect(itemsOf(series, 'x0008114a').map((item) => item.string('x00081155'))).toEqual(
      [6, 7, 8, 9].map((n) => `${ROOT}.3.${n}`),
    );
    const [first] = itemsOf(data, 'x52009230');
    const [source] = itemsOf(itemsOf(first, 'x00089124')[0], 'x00082112');
    expect(source.string('x00081155')).toBe(`${ROOT}.3.8`);
    const text = (await readFile(path)).toString('latin1');
    expect(text).not.toMatch(/secret/i);
    expect(Object.keys(data.elements).filter((tag) => Number.parseInt(tag.slice(4, 5), 16) % 2 === 1)).toEqual([]);
  });

  it('names segments, in ASCII where the source has another character set, with codes where there are some', async () => {
    const code = (CodeValue: string, CodeMeaning: string) => ({
      CodeValue,
      CodingSchemeDesignator: 'SCT',
      CodeMeaning,
    });
    const codes = {
      lung: {
        SegmentedPropertyCategoryCodeSequence: code('123037004', 'Anatomical Structure'),
        SegmentedPropertyTypeCodeSequence: code('39607008', 'Lung'),
      },
    };
    const [lung, tumor] = itemsOf(
      await parsed(await segmented(scan, { segmentation: { ...segmentation, codes } })),
      'x00620002',
    );
    const typeOf = (segment: typeof lung) => {
      const [type] = itemsOf(segment, 'x0062000f');
      return ['x00080100', 'x00080102', 'x00080104'].map((tag) => type.string(tag));
    };
    expect([lung.string('x00620005'), lung.string('x00620008'), ...typeOf(lung)]).toEqual([
      'lung',
      'AUTOMATIC',
      '39607008',
      'SCT',
      'Lung',
    ]);
    expect([tumor.string('x00620005'), ...typeOf(tumor)]).toEqual([
      'Lubecker Tumor',
      'label-2',
      '99SEGCANARY',
      'Lubecker Tumor',
    ]);
    const [made] = itemsOf(lung, 'x00620007');
    expect([made.string('x00660036'), made.string('x00660031')]).toEqual(['nnU-Net', algorithm.version]);
  });

  it('gives regions as they were trained, one over another', async () => {
    const regions = { labels: { background: 0, whole: [1, 2], core: 2 }, regionsClassOrder: [1, 2] };
    const data = await parsed(await segmented(scan, { segmentation: regions }));
    expect(data.string('x00620013')).toBe('YES');
    expect(itemsOf(data, 'x00620002').map((item) => item.string('x00620005'))).toEqual(['whole', 'core']);
    expect(data.intString('x00280008')).toBe(5);
    const bits = rawOf(data, 'x7fe00010');
    const whole = Array.from({ length: 35 }, (_, i) => (bits[(35 + i) >> 3] >> ((35 + i) & 7)) & 1);
    expect(whole).toEqual(Array.from({ length: 35 }, (_, i) => Number(labelAt(2, Math.floor(i / 7), i % 7) > 0)));
  });

  it('has one empty frame where nothing is segmented', async () => {
    const path = join(await temporaryFolder(), 'none.dcm');
    const writer = await createVolumeWriter(path, {
      scan,
      dataType: 'uint8',
      content: 'labels',
      description: { algorithm, segmentation },
    });
    for (let z = 0; z < 4; z++) await writer.write(new Uint8Array(35));
    await writer.commit();
    const data = await parsed(path);
    expect(data.intString('x00280008')).toBe(1);
    expect([...rawOf(data, 'x7fe00010')]).toEqual(new Array(6).fill(0));
  });

  it('is the same bytes again, and the same for a scan that is laid out the other way round', async () => {
    const header = turned.header as unknown as { flipped: [boolean, boolean]; frames: unknown[] };
    const mirrored = {
      ...turned,
      // The affine from the opposite corner of rows and columns.
      affine: opposite(scan.affine, scan.shape),
      header: { ...header, format: 'dicom', flipped: [true, true] as [boolean, boolean] },
    };
    const [one, two, three] = [await segmented(scan), await segmented(scan), await segmented(mirrored)];
    expect(await readFile(two)).toEqual(await readFile(one));
    expect(await readFile(three)).toEqual(await readFile(one));
  });
});

/** The affine of the same voxels with rows and columns the other way round. */
function opposite(affine: readonly number[], [, height, width]: readonly [number, number, number]): number[] {
  return affine.map((value, i) => {
    const [row, column] = [i >> 2, i & 3];
    if (row === 3) return value;
    if (column < 2) return -value;
    return column === 3 ? value + (width - 1) * affine[4 * row] + (height - 1) * affine[4 * row + 1] : value;
  });
}

it('writes a labelmap of numbers where it is asked for', async () => {
  const data = await parsed(await segmented(scan, { segmentationType: 'labelmap' }));
  expect([data.string('x00080016'), data.string('x00620001')]).toEqual(['1.2.840.10008.5.1.4.1.1.66.7', 'LABELMAP']);
  expect(data.intString('x00280008')).toBe(3);
  expect([...rawOf(data, 'x7fe00010').subarray(0, 105)]).toEqual(
    [1, 2, 3].flatMap((rank) => Array.from({ length: 35 }, (_, i) => labelAt(rank, Math.floor(i / 7), i % 7))),
  );
});

describe('a parametric map', () => {
  const write = async (to: string | PassThrough, of: Scan = scan) => {
    const writer = await createVolumeWriter(to, {
      scan: of,
      dataType: 'float32',
      content: 'uncertainty',
      description: { algorithm },
    });
    for (const plane of planesFor(of, (rank, row, column) => rank + row / 8 + column / 64))
      await writer.write(Float32Array.from(plane));
    await writer.commit();
  };

  it('has a frame a slice, ascending, with what a voxel means', async () => {
    const path = join(await temporaryFolder(), 'a_map.dcm');
    await write(path);
    const data = await parsed(path);
    expect([data.string('x00080016'), data.string('x00080060')]).toEqual(['1.2.840.10008.5.1.4.1.1.30', 'CT']);
    const pixels = rawOf(data, 'x7fe00008');
    expect(Array.from({ length: 140 }, (_, i) => pixels.readFloatLE(4 * i))).toEqual(
      Array.from({ length: 140 }, (_, i) => Math.floor(i / 35) + Math.floor((i % 35) / 7) / 8 + (i % 7) / 64),
    );
    const [shared] = itemsOf(data, 'x52009229');
    const [mapping] = itemsOf(shared, 'x00409096');
    expect([mapping.double('x00409214'), mapping.double('x00409213')]).toEqual([0, 3 + 4 / 8 + 6 / 64]);
    const [quantity] = itemsOf(mapping, 'x00409220');
    expect(itemsOf(quantity, 'x0040a168')[0].string('x00080102')).toBe('99SEGCANARY');
    expect(data.elements.x00400555?.items).toEqual([]);
    expect(itemsOf(shared, 'x00209116')[0].string('x00200037')).toBe('0.8\\0.6\\0\\-0.36\\0.48\\-0.8');
    expect(itemsOf(shared, 'x00289110')[0].string('x00180088')).toBe('2.5');
  });
});

describe('the files', () => {
  it('say what they are, so that they are known again', async () => {
    const folder = await temporaryFolder();
    const path = await segmented(scan);
    expect(await contentOf(path)).toBe('labels');
    expect(await contentOf(join(SERIES, '0.dcm'))).toBe(null);
    await writeFile(join(folder, 'short.dcm'), (await readFile(path)).subarray(0, 140));
    expect(await contentOf(join(folder, 'short.dcm'))).toBe(null);
    await mkdir(join(folder, 'x.dcm'));
    expect(await contentOf(join(folder, 'x.dcm'))).toBe(null);
  });

  it('are not there when too few slices came, or one that does not fit', async () => {
    const folder = await temporaryFolder();
    const options = { scan, dataType: 'uint8', content: 'labels', description: { algorithm } } as const;
    const few = await createVolumeWriter(join(folder, 'few.dcm'), options);
    await few.write(new Uint8Array(35));
    await expect(few.commit()).rejects.toMatchObject({ code: 'truncated' });
    const odd = await createVolumeWriter(join(folder, 'odd.dcm'), options);
    await expect(odd.write(new Uint8Array(34))).rejects.toMatchObject({ code: 'scan-unsuitable' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('go to a stream as well', async () => {
    const stream = new PassThrough();
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    const { createSegmentation } = await import('../../../../src/formats/dicom/objects/segmentation.js');
    const writer = await createSegmentation(stream, { scan, dataType: 'uint8' }, { algorithm, segmentation });
    for (const plane of planesFor(scan, labelAt)) await writer.write(Uint8Array.from(plane));
    await writer.commit();
    expect(Buffer.concat(pieces)).toEqual(await readFile(await segmented(scan)));
  });

  it('are refused for a scan of NIfTI, without a description, and for what has no object', async () => {
    const path = join(await temporaryFolder(), 'a.dcm');
    const description = { algorithm };
    const nifti = { scan: scanOf([2, 3, 4]), dataType: 'uint8', content: 'labels', description } as const;
    await expect(createVolumeWriter(path, nifti)).rejects.toMatchObject({ code: 'usage', option: 'format' });
    await expect(createVolumeWriter(path, { scan, dataType: 'uint8', content: 'labels' })).rejects.toMatchObject({
      code: 'usage',
    });
    await expect(
      createVolumeWriter(path, { scan, dataType: 'float32', content: 'probabilities', description }),
    ).rejects.toMatchObject({ code: 'usage' });
  });
});
