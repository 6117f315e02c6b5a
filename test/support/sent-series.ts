import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileRange } from '../../src/files/file-range.js';
import { encodeFileMeta } from '../../src/protocol/dimse/part10.js';
import { CT, ctDataset, EXPLICIT } from './dicom-bytes.js';

export interface SentSeries {
  /** Where its files go: made where it is missing. */
  readonly folder: string;
  readonly seed: number;
  /** @default 36 slices of 72 x 72, which the tests' detector was fitted to */
  readonly shape?: readonly [number, number, number];
  readonly study?: string;
  readonly series?: string;
  readonly institution?: string;
  /** Series Number. @default 3 */
  readonly number?: number;
}

export const seriesUid = (seed: number): string => `1.2.826.0.1.3680043.10.1.${seed}`;

/** A small CT as a series of files: the body of `writeScan`, one slice a file. */
export function writeSeries(given: SentSeries): FileRange[] {
  const { folder, seed, shape = [36, 72, 72], institution, number } = given;
  const { series = seriesUid(seed), study = `${seriesUid(seed)}.1` } = given;
  const [depth, rows, columns] = shape;
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: depth }, (_, z) => {
    const pixels = new Int16Array(rows * columns);
    for (let y = 0, i = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, i++) {
        const r = Math.hypot(x / columns - 0.5, y / rows - 0.5);
        const wave = Math.sin((x + 3 * seed) / 5) * Math.cos((y - seed) / 7 + z / (3 + (seed % 4)));
        pixels[i] = r < 0.42 ? Math.round(-400 + 350 * wave) : -1000;
      }
    }
    const sopInstance = `${series}.7.${z + 1}`;
    const dataset = ctDataset({
      ...{ study, series, sopInstance, rows, columns, pixels, spacing: [2.85, 2.85], z: 5 * z },
      ...(institution !== undefined && { institution }),
      ...(number !== undefined && { number }),
    });
    const bytes = Buffer.concat([encodeFileMeta({ sopClass: CT, sopInstance, transferSyntax: EXPLICIT }), dataset]);
    const path = join(folder, `${z}.dcm`);
    writeFileSync(path, bytes);
    return { name: `${z}.dcm`, path, start: 0, length: bytes.length };
  });
}
