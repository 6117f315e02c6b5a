import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSet } from 'dicom-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scan } from '../../../../src/chunks.js';
import { writePage } from '../../../../src/formats/dicom/objects/page.js';
import { writeReport } from '../../../../src/formats/dicom/objects/report.js';
import { closeCodecs } from '../../../../src/formats/dicom/pixels/decode.js';
import { contentOf } from '../../../../src/formats/open.js';
import type { SubjectScore } from '../../../../src/results.js';
import { itemsOf, parsed, ROOT, rawOf, scanOfSeries, seriesOf } from '../../../support/dicom-objects.js';
import { temporaryFolder } from '../../../support/folder.js';
import { scanOf } from '../../../support/grids.js';

const detector = `sha256:${'cd'.repeat(32)}`;
const algorithm = { name: 'segcanary', version: detector };
const score: SubjectScore = {
  case: 'c',
  score: 5.123456789012345,
  uncertainty: 0.5,
  boundary: 3.5,
  verdict: 'out-of-distribution',
  pValue: 0.0123,
  patches: 8,
  worstPatch: { distance: 9.5, centre: [6, 1, 2] },
  warnings: [{ code: 'spacing', message: 'Größe: 8 mm.' }],
  detector,
};
const quality = { dice: 0.81, atLeast: 0.62, level: 0.9, perLabel: {}, note: null };

let scan: Scan;
beforeAll(async () => {
  scan = await scanOfSeries(await seriesOf());
});
afterAll(closeCodecs);

/** Meaning of a content item's concept, and its value. */
function said(item: DataSet): readonly [string | undefined, unknown] {
  const concept = itemsOf(item, 'x0040a043')[0]?.string('x00080104');
  const type = item.string('x0040a040');
  if (type === 'NUM') return [concept, itemsOf(item, 'x0040a300')[0].double('x0040a161')];
  if (type === 'CODE') return [concept, itemsOf(item, 'x0040a168')[0].string('x00080104')];
  return [concept, item.string('x0040a160') ?? item.string('x0040a124')];
}

const children = (item: DataSet) => itemsOf(item, 'x0040a730');

describe('a report', () => {
  it('says the verdict and its numbers by TID 1500, with the detector as the version of the algorithm', async () => {
    const path = join(await temporaryFolder(), 'a_report.dcm');
    await writeReport(path, scan, { score, quality, trust: 'no', reason: 'Because.', algorithm });
    const data = await parsed(path);
    expect(data.string('x00080016')).toBe('1.2.840.10008.5.1.4.1.1.88.34');
    expect(itemsOf(data, 'x0040a504')[0].string('x0040db00')).toBe('1500');
    const measurements = children(data).find((item) => said(item)[0] === 'Imaging Measurements') as DataSet;
    const [whole, worst] = children(measurements);
    const items = Object.fromEntries(children(whole).map(said));
    expect(items).toMatchObject({
      Finding: 'Out of distribution',
      'Out-of-distribution score': 5.123456789012345,
      'Conformal p-value': 0.0123,
      'Conformal boundary of the score': 3.5,
      'Expected Dice': 0.81,
      'Lower bound of the Dice': 0.62,
      'Trust in the segmentation': 'No',
      'Reason for the verdict': 'Because.',
      // The source is in another character set than UTF-8, so that texts are folded.
      Warning: 'Gro?e: 8 mm.',
      'Algorithm Name': 'segcanary',
      'Algorithm Version': detector,
    });
    const number = children(whole).find((item) => item.string('x0040a040') === 'NUM') as DataSet;
    expect(children(number).map(said)).toContainEqual(['Algorithm Version', detector]);

    const region = children(worst).find((item) => item.string('x0040a040') === 'SCOORD3D') as DataSet;
    expect([region.string('x00700023'), region.string('x30060024')]).toEqual(['POINT', `${ROOT}.4`]);
    // Slice 2 begins at (-12.4, 23.7, 33.25); 6 columns of .5 mm and a row of .75 mm from there.
    const at = [-12.4 + 3 * 0.8 - 0.75 * 0.36, 23.7 + 3 * 0.6 + 0.75 * 0.48, 33.25 - 0.75 * 0.8];
    for (const [axis, mm] of at.entries()) expect(region.float('x00700022', axis)).toBeCloseTo(mm, 4);
    const distance = children(worst).find((item) => item.string('x0040a040') === 'NUM') as DataSet;
    expect(said(distance)).toEqual(['Distance from training patches', 9.5]);
    const image = children(distance).find((item) => item.string('x0040a040') === 'IMAGE') as DataSet;
    expect(itemsOf(image, 'x00081199')[0].string('x00081155')).toBe(`${ROOT}.3.7`);
    const [study] = itemsOf(data, 'x0040a375');
    expect(itemsOf(itemsOf(study, 'x00081115')[0], 'x00081199')).toHaveLength(4);
    expect(await contentOf(path)).toBe('report');
    expect((await readFile(path)).toString('latin1')).not.toMatch(/secret/i);
  });

  it('leaves out what is not known', async () => {
    const path = join(await temporaryFolder(), 'a.dcm');
    const plain = {
      ...score,
      boundary: null,
      pValue: null,
      worstPatch: null,
      verdict: 'uncalibrated' as const,
      warnings: [],
    };
    await writeReport(path, scan, { score: plain, reason: 'x', algorithm });
    const measurements = children(await parsed(path)).find(
      (item) => said(item)[0] === 'Imaging Measurements',
    ) as DataSet;
    expect(children(measurements)).toHaveLength(1);
    const concepts = children(children(measurements)[0]).map((item) => said(item)[0]);
    expect(concepts).not.toContain('Conformal p-value');
    expect(concepts).not.toContain('Warning');
  });

  it('is refused of NIfTI', async () => {
    const path = join(await temporaryFolder(), 'a.dcm');
    await expect(writeReport(path, scanOf([2, 3, 4]), { score, reason: 'x', algorithm })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('a page', () => {
  const plane = (value: (x: number, y: number) => number) =>
    Float32Array.from({ length: 35 }, (_, i) => value(i % 7, Math.floor(i / 7)));
  const slice = {
    z: 2,
    title: 'worst patch',
    values: plane((x) => (x > 3 ? 100 : 0)),
    map: plane((_, y) => (y < 2 ? 10 : 0)),
    labels: plane((x, y) => Number(x > 2 && x < 5 && y > 1 && y < 4)),
  };
  const options = { algorithm, window: { low: 0, high: 200 }, heat: { low: 5, high: 10 } };

  it('is a picture of 8-bit colour with the slice, its map and the outline of its labels', async () => {
    const path = join(await temporaryFolder(), 'a_page.dcm');
    await writePage(path, scan, { score, quality, reason: 'Because.', slices: [slice] }, options);
    const data = await parsed(path);
    expect([data.string('x00080016'), data.string('x00280004')]).toEqual(['1.2.840.10008.5.1.4.1.1.7', 'RGB']);
    expect([data.uint16('x00280010'), data.uint16('x00280011')]).toEqual([800, 1280]);
    const pixels = rawOf(data, 'x7fe00010');
    expect(pixels.length).toBe(3 * 800 * 1280);
    const at = (x: number, y: number) => [...pixels.subarray(3 * (1280 * y + x), 3 * (1280 * y + x) + 3)];
    // The panel begins at (24, 148) and is 394 wide. 7 columns of .5 mm and 5 rows of .75 mm: the
    // rows are the longer side, so that a millimetre has 105 pixels.
    const pixelOf = (x: number, y: number) =>
      at(24 + 13 + Math.floor((x + 0.5) * 52.5), 148 + Math.floor((y + 0.5) * 78.8));
    expect(pixelOf(1, 4)).toEqual([0, 0, 0]);
    expect(pixelOf(6, 4)).toEqual([128, 128, 128]);
    const [red, , blue] = pixelOf(1, 0);
    expect(red).toBeGreaterThan(blue + 100);
    const colours = new Set<string>();
    for (let y = 148; y < 542; y++) for (let x = 24; x < 418; x++) colours.add(at(x, y).join());
    // The first label's red.
    expect(colours).toContain('230,46,46');
    expect(colours).toContain('0,255,255');
    const [source] = itemsOf(data, 'x00082112');
    expect(source.string('x00081155')).toBe(`${ROOT}.3.7`);
    expect(await contentOf(path)).toBe('page');
  });
});
