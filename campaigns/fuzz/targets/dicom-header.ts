import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import dicomParser from 'dicom-parser';
import type { FileRange } from '../../../src/files/file-range.js';
import type { DicomHeader } from '../../../src/formats/dicom/dicom-header.js';
import { SeriesGroups } from '../../../src/formats/dicom/group.js';
import { readDicomHeader } from '../../../src/formats/dicom/header.js';
import { planVolume } from '../../../src/formats/dicom/volume.js';
import { expect } from '../finding.js';
import { mutateBytes } from '../mutate/bytes.js';
import type { Target } from '../target.js';

const file = 'slice.dcm';
const samples = join(import.meta.dirname, '../../../test/fixtures/dicom-headers');
const names = readdirSync(samples).filter((name) => name.endsWith('.dcm') && name !== 'modality-lut.dcm');
let folder = '';

/** Damaged headers: read as far as they go or refused, and what is read holds together. */
export const dicomHeader: Target = {
  name: 'dicom-header',
  weight: 20,
  limit: 2000,
  file,
  async open(root) {
    folder = mkdtempSync(join(root, 'dicom-header-'));
  },
  async run(dice) {
    const whole = readFileSync(join(samples, dice.pick(names)));
    let bytes: Uint8Array = whole;
    if (dice.chance(0.9)) bytes = mutateBytes(bytes, dice, readFileSync(join(samples, dice.pick(names))));
    const path = join(folder, file);
    // In the middle of others, as in an archive: no byte beside it may be looked at.
    const start = dice.int(0, 64);
    writeFileSync(path, Buffer.concat([Buffer.alloc(start, 0xff), bytes, Buffer.alloc(64, 0xff)]));
    const range: FileRange = { name: file, path, start, length: bytes.length };
    const header = await readDicomHeader(range);
    if (header === null) return;
    check(header, bytes.length);
    compare(header, bytes);
    const groups = new SeriesGroups();
    groups.add(header);
    for (const { headers } of groups.candidates) {
      const { shape, spacing, affine } = await planVolume(headers, { name: file, untilt: dice.chance(0.5) });
      expect(
        shape.every((size) => Number.isInteger(size) && size > 0),
        `shape ${shape}`,
      );
      expect(
        spacing.every((mm) => Number.isFinite(mm) && mm > 0),
        `spacing ${spacing}`,
      );
      expect(affine.every(Number.isFinite), `affine ${affine}`);
    }
  },
};

function check({ pixels, frames, sopClass }: DicomHeader, length: number): void {
  expect(sopClass !== '', 'has no SOP class');
  if (pixels === null) return;
  expect(pixels.rows > 0 && pixels.columns > 0, 'has no rows or columns');
  const isDeflated = pixels.transferSyntax === '1.2.840.10008.1.2.1.99';
  if (!isDeflated) expect(pixels.valueOffset + (pixels.valueLength ?? 0) <= length, 'has pixels behind its end');
  for (const { position, orientation, pixelSpacing, slope, intercept } of frames)
    for (const value of [...(position ?? []), ...(orientation ?? []), ...(pixelSpacing ?? []), slope, intercept])
      expect(Number.isFinite(value), `has the number ${value}`);
}

/** With dicom-parser reading the whole file at once, where it does. */
function compare({ pixels, frames }: DicomHeader, bytes: Uint8Array): void {
  if (pixels === null || frames.length === 0) return;
  let data: ReturnType<typeof dicomParser.parseDicom>;
  try {
    data = dicomParser.parseDicom(bytes, { untilTag: 'x7fe00010', TransferSyntaxUID: pixels.transferSyntax });
  } catch {
    return;
  }
  const element = data.elements.x7fe00010;
  // It believes a transfer syntax that says explicit, whatever the data set is.
  if (element === undefined || data.elements.x00280010 === undefined) return;
  const found = [pixels.rows, pixels.columns, pixels.valueOffset, frames[0]?.position?.[0] ?? null];
  const position =
    data.elements.x52009230 === undefined && data.elements.x52009229 === undefined
      ? data.floatString('x00200032', 0)
      : found[3];
  const due = [data.uint16('x00280010'), data.uint16('x00280011'), element.dataOffset, position ?? null];
  expect(found.join() === due.join(), `rows, columns, pixels, x: ${found}; dicom-parser has ${due}`);
}
