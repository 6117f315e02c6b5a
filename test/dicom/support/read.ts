import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileRange } from '../../../src/files/file-range.js';
import type { DicomHeader } from '../../../src/formats/dicom/dicom-header.js';
import { readDicomHeader } from '../../../src/formats/dicom/header.js';
import { DicomSeries } from '../../../src/formats/dicom/series-reader.js';
import { planVolume } from '../../../src/formats/dicom/volume.js';
import { filesBelow, fresh } from './runs.js';
import { oracle } from './tools.js';

const rangeOf = (path: string): FileRange => ({ name: path, path, start: 0, length: statSync(path).size });

/** Voxels of a series whose files all belong to it, laid out LPS, z slowest. */
export async function readVoxels(
  folder: string,
  untilt = false,
): Promise<{ shape: readonly number[]; voxels: Float32Array }> {
  const headers: DicomHeader[] = [];
  for (const path of filesBelow(folder)) {
    const header = await readDicomHeader(rangeOf(path));
    if (header?.pixels) headers.push(header);
  }
  const series = new DicomSeries(await planVolume(headers, { name: folder, untilt }));
  let shape: readonly number[] = [];
  const planes: Float32Array[] = [];
  for await (const { grid, data } of series.slices({ case: 'x', name: folder, orientations: ['LPS'] })) {
    shape = grid.shape;
    planes.push(Float32Array.from(data.data as Float32Array));
  }
  const voxels = new Float32Array(planes.reduce((sum, plane) => sum + plane.length, 0));
  let at = 0;
  for (const plane of planes) {
    voxels.set(plane, at);
    at += plane.length;
  }
  return { shape, voxels };
}

/** Voxels that a question of dicom_answers.py writes out. */
export async function theirVoxels(question: string, path: string): Promise<{ shape: number[]; voxels: Float32Array }> {
  const out = join(fresh(), 'voxels');
  const { shape } = await oracle<{ shape: number[] }>('dicom_answers.py', question, path, out);
  const bytes = readFileSync(out);
  return { shape, voxels: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) };
}

export const differing = (a: Float32Array, b: Float32Array): number =>
  a.reduce((count, value, i) => count + Number(value !== b[i]), Math.abs(a.length - b.length));

/** The largest difference of two volumes. */
export const apart = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

export const meanApart = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
