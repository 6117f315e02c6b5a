import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredPixels } from '../../../../src/formats/dicom/dicom-header.js';
import { openFrames } from '../../../../src/formats/dicom/pixels/fragments.js';
import { DEFAULT_LIMITS } from '../../../../src/limits.js';
import { expectedOf, FIXTURES, headerOf, rangeOf } from '../../../support/dicom-pixels.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RLE = '1.2.840.10008.1.2.5';
const J2K = '1.2.840.10008.1.2.4.90';
const pixels: StoredPixels = {
  transferSyntax: '1.2.840.10008.1.2.1',
  rows: 1,
  columns: 3,
  samplesPerPixel: 1,
  photometric: 'MONOCHROME2',
  type: 'integer',
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  isSigned: false,
  frames: 1,
  valueOffset: 12,
  valueLength: 4,
};

const item = (...value: number[]) => [0xfe, 0xff, 0x00, 0xe0, value.length, 0, 0, 0, ...value];
const delimiter = [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0];
const u32 = (...values: number[]) => values.flatMap((v) => [v & 255, (v >> 8) & 255, (v >> 16) & 255, v >>> 24]);
/** Tag, VR and length of Pixel Data, which stand before its value. */
const element = [0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 4, 0, 0, 0];

async function framesOf(
  bytes: readonly number[] | Uint8Array,
  differs: Partial<StoredPixels>,
  limits = DEFAULT_LIMITS,
) {
  const path = join(folder, 'a.dcm');
  writeFileSync(path, Uint8Array.from(bytes));
  const said = { ...pixels, ...differs };
  const file = await openFrames(headerOf(rangeOf(path, 'a.dcm'), said), said, limits);
  try {
    const found: number[][] = [];
    // Backwards: frames are read in any order.
    for (let i = said.frames - 1; i >= 0; i--) found.unshift([...(await file.frame(i))]);
    return found;
  } finally {
    await file.close();
  }
}

const packed = (items: readonly number[], frames: number, transferSyntax = J2K) =>
  framesOf([...element, ...items], { transferSyntax, frames, valueLength: null });

describe('native frames', () => {
  it('lie one behind the other', async () => {
    expect(await framesOf([...element, 1, 2, 3, 0], {})).toEqual([[1, 2, 3]]);
    expect(await framesOf([...element, 1, 2, 3, 4, 5, 6], { frames: 2, valueLength: 6 })).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('are of the part of a file that is theirs', async () => {
    const path = join(folder, 'part');
    writeFileSync(path, Uint8Array.from([9, 9, ...element, 1, 2, 3, 0, 9, 9]));
    const file = await openFrames(
      headerOf({ name: 'in.zip/a', path, start: 2, length: 16 }, pixels),
      pixels,
      DEFAULT_LIMITS,
    );
    expect([...(await file.frame(0))]).toEqual([1, 2, 3]);
  });

  it('in words of big endian are swapped in pairs, across the frames too', async () => {
    const words = [0x7f, 0xe0, 0x00, 0x10, 0x4f, 0x57, 0, 0, 0, 0, 0, 6, 2, 1, 4, 3, 6, 5];
    const big = { transferSyntax: '1.2.840.10008.1.2.2', frames: 2, valueLength: 6 };
    expect(await framesOf(words, big)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it.each<[string, number[], Partial<StoredPixels>, string, RegExp]>([
    [
      'a value that is short',
      [...element, 1, 2],
      { valueLength: 2 },
      'truncated',
      /have 2 bytes, and a frame .* has 3/,
    ],
    ['too few frames', [...element, 1, 2, 3, 0], { frames: 2 }, 'truncated', /have 4 bytes, and 2 frames .* have 6/],
    ['a file that is short', [...element, 1, 2], {}, 'truncated', /ends after 14 bytes, .* need at least 15/],
    [
      'more frames',
      [...element, 1, 2, 3, 0, 5, 6, 7, 0],
      { valueLength: 8 },
      'dicom-invalid',
      /8 bytes, which is more/,
    ],
    ['no length', [...element, 1, 2, 3, 0], { valueLength: null }, 'dicom-invalid', /length is not said/],
    ['a file that changed', [0, ...element, 1, 2, 3], {}, 'dicom-invalid', /no longer begin at byte 12/],
  ])('with %s are refused', async (_, bytes, differs, code, message) => {
    const reading = framesOf(bytes, differs);
    await expect(reading).rejects.toMatchObject({ code, subject: 'a.dcm' });
    await expect(reading).rejects.toThrow(message);
  });
});

describe('encapsulated frames', () => {
  it('are all fragments of a file of one frame', async () => {
    expect(await packed([...item(), ...item(1, 2), ...item(), ...item(3, 4), ...delimiter], 1)).toEqual([[1, 2, 3, 4]]);
  });

  it('are a fragment each where there are as many, whatever the offset table says', async () => {
    const fragments = [...item(1, 2), ...item(3, 4), ...delimiter];
    for (const table of [item(), item(...u32(0, 10)), item(...u32(0, 0)), item(...u32(7))])
      expect(await packed([...table, ...fragments], 2, RLE)).toEqual([
        [1, 2],
        [3, 4],
      ]);
  });

  it('begin where the basic offset table says', async () => {
    const fragments = [...item(1, 2), ...item(3, 4), ...item(5, 6), ...delimiter];
    expect(await packed([...item(...u32(0, 10)), ...fragments], 2)).toEqual([
      [1, 2],
      [3, 4, 5, 6],
    ]);
    expect(await packed([...item(...u32(0, 20)), ...fragments], 2)).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
  });

  it('end with an end marker where there is no table', async () => {
    const fragments = [...item(1, 2), ...item(3, 0xff, 0xd9, 0), ...item(5, 6), ...item(0xff, 0xd9), ...delimiter];
    expect(await packed([...item(), ...fragments], 2)).toEqual([
      [1, 2, 3, 0xff, 0xd9, 0],
      [5, 6, 0xff, 0xd9],
    ]);
    await expect(packed([...item(), ...fragments], 2, RLE)).rejects.toThrow(/nothing says which belong together/);
    await expect(packed([...item(), ...fragments], 3)).rejects.toThrow(/3 frames are in 4 fragments/);
  });

  it('may lack the delimiter at the very end of the file', async () => {
    expect(await packed([...item(), ...item(1, 2)], 1)).toEqual([[1, 2]]);
  });

  it.each<[string, number[], number, string, RegExp]>([
    ['no fragment', [...item(), ...delimiter], 1, 'dicom-invalid', /0 fragments, and it has 1 frames/],
    ['too few of them', [...item(), ...item(1, 2), ...delimiter], 2, 'dicom-invalid', /1 fragments, and it has 2/],
    ['something else', [...item(), 1, 2, 3, 4, 5, 6, 7, 8], 1, 'dicom-invalid', /should begin, at byte 20/],
    ['an item without length', [...item(), 0xfe, 0xff, 0, 0xe0, 255, 255, 255, 255], 1, 'dicom-invalid', /byte 20/],
    ['an item beyond the file', [...item(), 0xfe, 0xff, 0, 0xe0, 254, 255, 255, 255], 1, 'truncated', /4294967322/],
    [
      'a table that leads nowhere',
      [...item(...u32(0, 11)), ...item(1, 2), ...item(3, 4), ...item(5, 6), ...delimiter],
      2,
      'dicom-invalid',
      /leads frame 2 to no fragment/,
    ],
    [
      'a table that leads twice to one',
      [...item(...u32(0, 0)), ...item(1, 2), ...item(3, 4), ...item(5, 6), ...delimiter],
      2,
      'dicom-invalid',
      /leads frame 2 to no fragment/,
    ],
    [
      'a table that passes over the first',
      [...item(...u32(10, 20)), ...item(1, 2), ...item(3, 4), ...item(5, 6), ...delimiter],
      2,
      'dicom-invalid',
      /leads frame 1 to no fragment/,
    ],
    [
      'a table of another length',
      [...item(...u32(0)), ...item(1, 2), ...item(3, 4), ...item(5, 6), ...delimiter],
      2,
      'dicom-invalid',
      /has 1 entries, and it has 2 frames/,
    ],
  ])('with %s are refused', async (_, items, frames, code, message) => {
    const reading = packed(items, frames);
    await expect(reading).rejects.toMatchObject({ code, subject: 'a.dcm' });
    await expect(reading).rejects.toThrow(message);
  });

  it('that are cut anywhere are refused, but behind a fragment', async () => {
    const whole = [...item(...u32(0, 10)), ...item(1, 2), ...item(3, 4), ...item(5, 6)];
    // There the codestream lacks its end.
    const behindSecond = whole.length - item(5, 6).length;
    for (let length = 0; length < whole.length; length++)
      if (length !== behindSecond)
        await expect(packed(whole.slice(0, length), 2), `${length}`).rejects.toMatchObject({
          code: expect.stringMatching(/truncated|dicom-invalid/),
        });
  });

  it('that are far longer than what they unpack to are not read', async () => {
    const path = join(folder, 'long.dcm');
    const length = 2 ** 21;
    writeFileSync(
      path,
      Buffer.concat([Uint8Array.from([...item(), ...item().slice(0, 4), ...u32(length)]), Buffer.alloc(length)]),
    );
    const said = { ...pixels, transferSyntax: J2K, valueOffset: 0, valueLength: null };
    const file = await openFrames(headerOf(rangeOf(path, 'a.dcm'), said), said, DEFAULT_LIMITS);
    await expect(file.frame(0)).rejects.toMatchObject({ code: 'limit-exceeded' });
  });

  it('of a transfer syntax that is not read are refused by its name', async () => {
    await expect(framesOf([], { transferSyntax: '1.2.840.10008.1.2.4.110' })).rejects.toThrow(/JPEG XL Lossless/);
    await expect(framesOf([], { transferSyntax: '1.2.840.10008.1.2.4.102' })).rejects.toThrow(/MPEG-4 High Profile/);
    await expect(framesOf([], { transferSyntax: '1.2.3' })).rejects.toMatchObject({ code: 'dicom-unsupported' });
    await expect(framesOf([], { transferSyntax: 'toString' })).rejects.toThrow(/transfer syntax toString/);
  });
});

describe('deflated frames', () => {
  const name = 'frames-deflated.dcm';
  const { pixels: said } = expectedOf('pixels.json')[name];
  const bytes = readFileSync(join(FIXTURES, 'pixels', name));

  it('that end early are refused with the numbers', async () => {
    const reading = framesOf(bytes.subarray(0, bytes.length - 1000), said);
    await expect(reading).rejects.toMatchObject({
      code: 'truncated',
      message: expect.stringMatching(/ends after \d+ bytes/),
    });
  });

  it('that are damaged are refused', async () => {
    const damaged = Buffer.from(bytes);
    // A block of type 3, which there is not, where group 2 ends.
    damaged[132 + 12 + damaged.readUInt32LE(140)] = 0x07;
    await expect(framesOf(damaged, said)).rejects.toMatchObject({
      code: 'dicom-invalid',
    });
  });

  it('are inflated no further than is allowed', async () => {
    // Group 2 is not deflated; nothing but zeros follows it.
    const meta = bytes.subarray(0, bytes.indexOf('1.2.840.10008.1.2.1.99') + 22);
    const bomb = Buffer.concat([meta, deflateRawSync(Buffer.alloc(2 ** 27))]);
    const differs = { ...said, rows: 2 ** 14, columns: 2 ** 11, valueOffset: 10_000, valueLength: 3 * 2 ** 26 };
    await expect(framesOf(bomb, differs)).rejects.toMatchObject({ code: 'limit-exceeded' });
    await expect(framesOf(bytes, said, { ...DEFAULT_LIMITS, bytes: 10_000 })).rejects.toMatchObject({
      code: 'limit-exceeded',
    });
  });
});
