import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFileMeta } from '../../src/protocol/dimse/part10.js';
import { CT, type CtSlice, ctDataset, EXPLICIT } from './dicom-bytes.js';

/** A CT that is written as a series. */
export interface TestSeries
  extends Partial<Omit<CtSlice, 'z' | 'sopInstance' | 'pixels' | 'rows' | 'columns' | 'spacing'>> {
  /** Hounsfield units, [z, y, x] in C order; x grows to the patient's left, y to the back. */
  readonly volume: Int16Array;
  readonly shape: readonly [number, number, number];
  /** mm along [z, y, x]. */
  readonly spacing: readonly [number, number, number];
}

/** Names that no log and no record may hold: in every file of `seriesFiles`. */
export const PATIENT = ['DOE', 'JANE', 'ID-4711'];

/** A DICOM file as it lies on a disk. */
export const dicomFile = (slice: CtSlice): Buffer =>
  Buffer.concat([
    encodeFileMeta({ sopClass: slice.sopClass ?? CT, sopInstance: slice.sopInstance, transferSyntax: EXPLICIT }),
    ctDataset(slice),
  ]);

/** The files of a series, in an order that is not that of its slices. */
export function seriesFiles({ volume, shape, spacing, ...rest }: TestSeries): Buffer[] {
  const [slices, rows, columns] = shape;
  const { study = '1.2.826.0.1.1', series = '1.2.826.0.1.1.3', ...more } = rest;
  const files = Array.from({ length: slices }, (_, z) =>
    dicomFile({
      ...more,
      study,
      series,
      sopInstance: `${series}.${z + 1}`,
      z: z * spacing[0],
      rows,
      columns,
      spacing: [spacing[1], spacing[2]],
      pixels: volume.subarray(z * rows * columns, (z + 1) * rows * columns),
    }),
  );
  // Those of even number first.
  return [...files.filter((_, z) => z % 2 === 0), ...files.filter((_, z) => z % 2 === 1)];
}

/** Writes the files of a series into a folder, under names that say nothing of their order. */
export function writeSeries(folder: string, series: TestSeries): string[] {
  mkdirSync(folder, { recursive: true });
  return seriesFiles(series).map((bytes, i) => {
    const path = join(folder, `IM${(i * 37) % 1000}`);
    writeFileSync(path, bytes);
    return path;
  });
}
