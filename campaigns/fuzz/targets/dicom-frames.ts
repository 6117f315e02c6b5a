import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredPixels } from '../../../src/formats/dicom/dicom-header.js';
import { DicomSeries } from '../../../src/formats/dicom/series-reader.js';
import {
  type Expected,
  expectedOf,
  FIXTURES,
  headerOf,
  rangeOf,
  sha256Of,
  volumeOf,
} from '../../../test/support/dicom-pixels.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { concat, mutateBytes } from '../mutate/bytes.js';
import { drawFrames, type Frames, readNative } from '../oracle/dicom-frames.js';
import type { Target } from '../target.js';

const file = 'scan.dcm';
const limits = { sliceVoxels: 2 ** 20, bytes: 2 ** 26, stall: 5 };

let folder = '';
let fixtures: [string, Expected][] = [];

/**
 * Frames through the whole reader of a series: native and RLE ones of the campaign's own, compared
 * with what they were made of; those of the codecs from the fixtures, damaged, behind which a good
 * one has to be right.
 */
export const dicomFrames: Target = {
  name: 'dicom-frames',
  weight: 20,
  limit: 2000,
  file,
  async open(given) {
    folder = given;
    fixtures = Object.entries(expectedOf('pixels.json')).filter(
      ([, { pixels, values }]) => pixels.valueLength === null && values === undefined,
    );
  },
  async run(dice) {
    if (dice.chance(0.15)) return codec(dice);
    const frames = drawFrames(dice);
    const isMutated = dice.chance(0.6);
    const bytes = isMutated ? mutateBytes(frames.bytes, dice) : frames.bytes;
    const pixels = dice.chance(0.2) ? { ...frames.pixels, ...hostile(dice, frames.pixels) } : frames.pixels;
    const isAsDrawn = !isMutated && pixels === frames.pixels;
    const expected = isAsDrawn ? frames.values : readNative(bytes, pixels);
    let found: readonly Float32Array[];
    try {
      found = await read(bytes, pixels);
    } catch (error) {
      expect(!expected, `was refused (${(error as Error).message}), and the campaign reads it`);
      throw error;
    }
    expect(expected !== null, 'was read, and the campaign refuses it');
    // A packed frame that was damaged may be one still: then it has its size.
    for (const frame of found) expect(frame.length === pixels.rows * pixels.columns, `${frame.length} voxels`);
    if (expected) expect(equal(found, expected), 'voxels are not those that the campaign reads');
  },
};

/** A frame for the codecs, damaged, and then a good one of some syntax. */
async function codec(dice: Dice): Promise<void> {
  const [name, { pixels }] = dice.pick(fixtures);
  const whole = new Uint8Array(readFileSync(join(FIXTURES, 'pixels', name)));
  const at = pixels.valueOffset;
  const other = whole.subarray(at + dice.int(0, 200));
  const bytes = concat([whole.subarray(0, at), mutateBytes(whole.subarray(at), dice, other)]);
  const said = dice.chance(0.1) ? { ...pixels, ...hostile(dice, pixels) } : pixels;
  const failure = await read(bytes, said).then(
    (frames) => {
      for (const frame of frames)
        expect(frame.length === said.rows * said.columns, `a frame of ${frame.length} voxels`);
      return null;
    },
    (error: unknown) => error,
  );
  const [good, { pixels: goodPixels, sha256, ...rescale }] = dice.pick(fixtures);
  const next = await read(readFileSync(join(FIXTURES, 'pixels', good)), goodPixels, rescale);
  expect(
    next.every((frame, i) => sha256Of(frame) === sha256[i]),
    `behind ${name}, ${good} has other voxels`,
  );
  if (failure !== null) throw failure;
}

async function read(bytes: Uint8Array, pixels: StoredPixels, rescale?: { slope: number; intercept: number }) {
  const path = join(folder, file);
  writeFileSync(path, bytes);
  const series = new DicomSeries(volumeOf([headerOf(rangeOf(path, file), pixels, rescale)], { name: file }));
  const frames: Float32Array[] = [];
  for await (const { z, data } of series.slices({ case: file, name: file, limits })) {
    expect(z === frames.length, `slice ${z} came where ${frames.length} was due`);
    frames.push(data.data);
  }
  return frames;
}

/** What a header may say that does not fit its pixels. */
const hostile = (dice: Dice, pixels: StoredPixels): Partial<StoredPixels> =>
  dice.pick<() => Partial<StoredPixels>>([
    () => ({ rows: dice.pick([1, pixels.rows + 1, 2 ** 15, 65535]) }),
    () => ({ columns: dice.pick([1, pixels.columns + 1, 65535]) }),
    () => ({ frames: dice.pick([pixels.frames + 1, 100, 2 ** 15]) }),
    () => ({ valueOffset: Math.max(12, pixels.valueOffset + dice.int(-8, 8)) }),
    () => ({ valueLength: dice.pick([null, 0, 1, 2 ** 32 - 2]) }),
    () => ({ bitsStored: dice.int(0, 33), highBit: dice.int(0, 33) }),
    () => ({ bitsAllocated: dice.pick([1, 8, 12, 16, 32, 64]) }),
    () => ({ samplesPerPixel: 3, photometric: 'RGB' }),
    () => ({ transferSyntax: dice.pick(['1.2.840.10008.1.2.4.110', '1.2.3', '1.2.840.10008.1.2.4.90']) }),
  ])();

const equal = (a: Frames['values'], b: Frames['values']): boolean =>
  a.length === b.length && a.every((frame, i) => equalFrames(frame, b[i]));
const equalFrames = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};
