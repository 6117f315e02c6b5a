import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileRange } from '../../src/files/file-range.js';
import type { DicomHeader, FrameHeader, StoredPixels } from '../../src/formats/dicom/dicom-header.js';
import { readDicomHeader } from '../../src/formats/dicom/header.js';

/** A slice as test/oracle/dicom_volumes.py describes it. */
export interface SliceDescription {
  readonly position: readonly number[];
  readonly orientation: readonly number[];
  readonly pixelSpacing: readonly number[];
  readonly thickness: number;
  readonly rows: number;
  readonly columns: number;
}

/** A whole file. */
export const wholeFile = (path: string, name = path.split('/').at(-1) ?? path): FileRange => ({
  name,
  path,
  start: 0,
  length: statSync(path).size,
});

/** Headers of all DICOM files below a folder. */
export async function headersIn(folder: string): Promise<DicomHeader[]> {
  const headers: DicomHeader[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const header = await readDicomHeader(wholeFile(path, name));
    if (header !== null) headers.push(header);
  }
  return headers;
}

const PIXELS: StoredPixels = {
  transferSyntax: '1.2.840.10008.1.2.1',
  rows: 6,
  columns: 5,
  samplesPerPixel: 1,
  photometric: 'MONOCHROME2',
  type: 'integer',
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  isSigned: true,
  frames: 1,
  padding: null,
  valueOffset: 0,
  valueLength: 60,
};

/** What a test says of a header, and of its frame; the rest is that of an axial CT. */
export interface HeaderParts extends Partial<Omit<DicomHeader, 'pixels' | 'frames'>> {
  readonly pixels?: Partial<StoredPixels>;
  readonly frame?: Partial<FrameHeader>;
}

export function headerOf({ pixels, frame, ...header }: HeaderParts = {}): DicomHeader {
  return {
    file: { name: `${header.sopInstance ?? '1.9'}.dcm`, path: '/nowhere', start: 0, length: 60 },
    sopClass: '1.2.840.10008.5.1.4.1.1.2',
    sopInstance: '1.9',
    study: '1.2',
    series: '1.3',
    frameOfReference: '1.4',
    modality: 'CT',
    imageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    seriesNumber: 4,
    seriesDescription: 'Thorax',
    kernel: 'B40f',
    equipment: { institution: null, manufacturer: null, model: null, station: null },
    isLossy: false,
    pixels: { ...PIXELS, ...pixels },
    frames: [frameOf(frame)],
    ...header,
  };
}

export const frameOf = (frame: Partial<FrameHeader> = {}): FrameHeader => ({
  index: 0,
  position: [0, 0, 0],
  orientation: [1, 0, 0, 0, 1, 0],
  pixelSpacing: [0.75, 0.5],
  sliceThickness: 2.5,
  slope: 1,
  intercept: 0,
  unit: 'HU',
  instanceNumber: null,
  ...frame,
});

/** Axial slices at these heights. */
export const axial = (heights: readonly number[], parts: HeaderParts = {}): DicomHeader[] =>
  heights.map((z, i) =>
    headerOf({ sopInstance: `1.9.${i + 1}`, ...parts, frame: { position: [-10, -20, z], ...parts.frame } }),
  );

/** Headers of described slices. */
export const described = (slices: readonly SliceDescription[], padding: number | null = null): DicomHeader[] =>
  slices.map(({ position, orientation, pixelSpacing, thickness, rows, columns }, i) =>
    headerOf({
      sopInstance: `1.9.${i}`,
      pixels: { rows, columns, padding },
      frame: {
        position: [position[0], position[1], position[2]],
        orientation: [orientation[0], orientation[1], orientation[2], orientation[3], orientation[4], orientation[5]],
        pixelSpacing: [pixelSpacing[0], pixelSpacing[1]],
        sliceThickness: thickness,
      },
    }),
  );
