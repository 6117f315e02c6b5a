import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import dicomParser, { type DataSet } from 'dicom-parser';
import type { Scan } from '../../src/chunks.js';
import { readDicomHeader } from '../../src/formats/dicom/header.js';
import { DicomSeries } from '../../src/formats/dicom/series-reader.js';
import { planVolume } from '../../src/formats/dicom/volume.js';

/** Four slices of 5 x 7 voxels, made by test/oracle/dicom_objects.py. */
export const SERIES = fileURLToPath(new URL('../fixtures/dicom/objects', import.meta.url));
export const ROOT = '1.2.826.0.1.3680043.10.1491.18';

/** A folder of slices `0.dcm`, `1.dcm`, … as a series. */
export async function seriesOf(folder = SERIES, order: readonly number[] = [2, 0, 3, 1]): Promise<DicomSeries> {
  const headers = [];
  for (const z of order) {
    const path = join(folder, `${z}.dcm`);
    const header = await readDicomHeader({ name: `${z}.dcm`, path, start: 0, length: (await stat(path)).size });
    if (header) headers.push(header);
  }
  return new DicomSeries(await planVolume(headers, { name: 'series' }));
}

/** The scan that it makes. */
export async function scanOfSeries(series: DicomSeries, orientations?: readonly string[]): Promise<Scan> {
  for await (const { grid } of series.slices({ case: 'c', name: 'series', orientations })) return grid.scan;
  throw new Error('no slice');
}

/** An object as another parser reads it. */
export const parsed = async (path: string): Promise<DataSet> => dicomParser.parseDicom(await readFile(path));

/** The items of a sequence. */
export const itemsOf = (data: DataSet, tag: string): DataSet[] =>
  (data.elements[tag]?.items ?? []).flatMap(({ dataSet }) => dataSet ?? []);

/** The raw bytes of an element. */
export function rawOf(data: DataSet, tag: string): Buffer {
  const { dataOffset, length } = data.elements[tag];
  return Buffer.from(data.byteArray.slice(dataOffset, dataOffset + length));
}
