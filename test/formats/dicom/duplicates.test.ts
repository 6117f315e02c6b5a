import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DicomHeader } from '../../../src/formats/dicom/dicom-header.js';
import { readDicomHeader } from '../../../src/formats/dicom/header.js';
import { planVolume } from '../../../src/formats/dicom/volume.js';
import { wholeFile } from '../../support/series.js';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../../fixtures/dicom-headers', name));
/** Image Position (Patient) of the fixtures, and the same height three slices on. */
const POSITION = '-12.5\\3.25\\40';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segcanary-duplicates-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function header(name: string, bytes: Uint8Array): Promise<DicomHeader> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return (await readDicomHeader(wholeFile(path))) ?? expect.fail(`${name} was taken for something else`);
}

/** A fixture with changes to the bytes of its data set, deflated again where it was. */
function changed(name: string, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(fixture(name));
  if (name !== 'deflated.dcm') {
    change(bytes);
    return bytes;
  }
  const start = 144 + bytes.readUInt32LE(140);
  const data = inflateRawSync(bytes.subarray(start));
  change(data);
  return Buffer.concat([bytes.subarray(0, start), deflateRawSync(data)]);
}

const uid = (bytes: Buffer) => {
  // The last digit of the SOP Instance UID, in the file meta information and in the data set.
  for (let at = bytes.indexOf('498.18.9.'); at >= 0; at = bytes.indexOf('498.18.9.', at + 1)) bytes.write('8', at + 9);
};

/** Three slices along the normal, which the position's two last numbers say. */
async function series(name: string, last: Buffer): Promise<DicomHeader[]> {
  const at = (position: string) => changed(name, (bytes) => void bytes.write(position, bytes.indexOf(POSITION)));
  return [
    await header('first.dcm', fixture(name)),
    await header('second.dcm', at('-12.5\\4.98\\49')),
    await header('again.dcm', last),
  ];
}

/** Without the tilt that the rounded positions have. */
const plan = (headers: readonly DicomHeader[]) => planVolume(headers, { name: 'series', untilt: true });

describe.each(['lossy.dcm', 'rle.dcm', 'deflated.dcm', 'implicit.dcm', 'big.dcm'])('a slice twice, %s', (name) => {
  it('with the same pixels is taken once, with a warning', async () => {
    const volume = await plan(await series(name, changed(name, uid)));
    expect(volume.slices).toHaveLength(2);
    expect(volume.warnings.map(({ code }) => code)).toContain('duplicate-slices');
    expect(volume.warnings.find(({ code }) => code === 'duplicate-slices')?.message).toMatch(/^1 /);
  });

  it('with other pixels is refused, and both are named', async () => {
    const other = changed(name, (bytes) => {
      uid(bytes);
      const { length } = bytes;
      // The last pixels; of RLE the last byte of a segment before its padding and delimiter.
      bytes[length - (name === 'rle.dcm' ? 20 : 2)] ^= 1;
    });
    await expect(plan(await series(name, other))).rejects.toMatchObject({
      code: 'series-inconsistent',
      message: expect.stringMatching(
        /(first|again)\.dcm and (first|again)\.dcm lie at one place, -12\.5, 3\.25, 40, and have/,
      ),
    });
  });
});

describe('a slice twice', () => {
  it('with the same UID, as the same file copied, is taken once', async () => {
    const volume = await plan(await series('lossy.dcm', fixture('lossy.dcm')));
    expect(volume.slices).toHaveLength(2);
  });

  it('with the same pixels and another slope is refused', async () => {
    const other = changed('lossy.dcm', (bytes) => {
      uid(bytes);
      bytes.write('2.5 ', bytes.indexOf('1.5 '));
    });
    await expect(plan(await series('lossy.dcm', other))).rejects.toMatchObject({ code: 'series-inconsistent' });
  });

  it('for every place is several volumes', async () => {
    const file = join(import.meta.dirname, '../../fixtures/dicom-headers/enhanced-mr.dcm');
    const whole = (await readDicomHeader(wholeFile(file))) ?? expect.fail('was taken for something else');
    const frames = whole.frames.slice(0, 6);
    await expect(plan([{ ...whole, frames }])).rejects.toMatchObject({
      message: expect.stringContaining('6 slices lie at 3 places: several volumes in one series?'),
    });
  });

  it('is compared until somebody says stop', async () => {
    const headers = await series('lossy.dcm', changed('lossy.dcm', uid));
    const signal = AbortSignal.abort();
    await expect(planVolume(headers, { name: 'series', untilt: true, signal })).rejects.toThrow(/aborted/);
  });
});
