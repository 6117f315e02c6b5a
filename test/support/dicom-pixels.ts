import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Triple } from '../../src/chunks.js';
import type { FileRange } from '../../src/files/file-range.js';
import type { DicomHeader, FrameHeader, StoredPixels } from '../../src/formats/dicom/dicom-header.js';
import type { SeriesVolume } from '../../src/formats/dicom/series-volume.js';

export const FIXTURES = join(import.meta.dirname, '../fixtures/dicom');

/** What pydicom says of a file: test/oracle/dicom_pixels.py. */
export interface Expected {
  readonly pixels: StoredPixels;
  readonly slope: number;
  readonly intercept: number;
  /** Float32 values of every frame, little endian. */
  readonly sha256: readonly string[];
  /** Stored values of a lossy file, 16 bits each, base64. */
  readonly values?: string;
}

export const expectedOf = (json: string): Record<string, Expected> =>
  JSON.parse(readFileSync(join(FIXTURES, json), 'utf8')) as Record<string, Expected>;

export const rangeOf = (path: string, name = path): FileRange => ({
  name,
  path,
  start: 0,
  length: statSync(path).size,
});

/** The header of a file, of which the pixels and what differs are said. */
export function headerOf(
  file: FileRange,
  pixels: StoredPixels | null,
  { slope = 1, intercept = 0, positions }: { slope?: number; intercept?: number; positions?: readonly Triple[] } = {},
): DicomHeader {
  const frames = Array.from(
    { length: pixels?.frames ?? 0 },
    (_, index): FrameHeader => ({
      index,
      position: positions?.[index] ?? [0, 0, index],
      orientation: [1, 0, 0, 0, 1, 0],
      pixelSpacing: [1, 1],
      sliceThickness: 1,
      slope,
      intercept,
      unit: 'HU',
      instanceNumber: index + 1,
    }),
  );
  return {
    file,
    sopClass: '1.2.840.10008.5.1.4.1.1.2',
    sopInstance: `1.2.3.${file.name.length}`,
    study: '1.2.3',
    series: '1.2.4',
    frameOfReference: '1.2.5',
    modality: 'CT',
    imageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    seriesNumber: 1,
    seriesDescription: null,
    kernel: null,
    equipment: { institution: null, manufacturer: null, model: null, station: null },
    isLossy: false,
    pixels,
    frames,
  };
}

/** A volume of the frames of these files, in this order: x to the left, y to the back, z up. */
export function volumeOf(headers: readonly DicomHeader[], differs: Partial<SeriesVolume> = {}): SeriesVolume {
  const slices = headers.flatMap((header) =>
    header.frames.map((frame) => ({ header, frame, position: frame.position ?? ([0, 0, 0] as const) })),
  );
  const { rows = 1, columns = 1 } = headers[0].pixels ?? {};
  return {
    name: 'series',
    slices,
    orientation: [1, 0, 0, 0, 1, 0],
    pixelSpacing: [1, 1],
    shape: [slices.length, rows, columns],
    spacing: [1, 1, 1],
    affine: [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    untilt: null,
    warnings: [],
    ...differs,
  };
}

export const sha256Of = (values: Float32Array): string =>
  createHash('sha256')
    .update(Buffer.from(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
