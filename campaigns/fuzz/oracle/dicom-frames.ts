import type { StoredPixels } from '../../../src/formats/dicom/dicom-header.js';
import type { Dice } from '../../dice.js';

/** Frames that were drawn, and the bytes that hold them behind the tag of their element. */
export interface Frames {
  readonly bytes: Uint8Array;
  readonly pixels: StoredPixels;
  /** Float32 values of every frame, slope 1 and intercept 0. */
  readonly values: readonly ArrayLike<number>[];
}

const EXPLICIT = '1.2.840.10008.1.2.1';
const BIG = '1.2.840.10008.1.2.2';
const RLE = '1.2.840.10008.1.2.5';

/** Small frames of any stored form, native or RLE. */
export function drawFrames(dice: Dice): Frames {
  const transferSyntax = dice.pick([EXPLICIT, BIG, RLE, RLE]);
  const bitsAllocated = dice.pick([8, 16, 16, 32]);
  const bitsStored = dice.int(1, bitsAllocated);
  const highBit = dice.chance(0.8) ? bitsStored - 1 : dice.int(bitsStored - 1, bitsAllocated - 1);
  const pixels: StoredPixels = {
    transferSyntax,
    rows: dice.int(1, 9),
    columns: dice.int(1, 9),
    samplesPerPixel: 1,
    photometric: 'MONOCHROME2',
    type: 'integer',
    bitsAllocated,
    bitsStored,
    highBit,
    isSigned: dice.chance(0.5),
    frames: dice.pick([1, 1, 2, 5]),
    valueOffset: 12,
    valueLength: null,
  };
  const width = bitsAllocated / 8;
  const size = pixels.rows * pixels.columns * width;
  const raw = Array.from({ length: pixels.frames }, () =>
    // Runs, so that there is something to pack.
    dice.chance(0.5) ? dice.bytes(size) : new Uint8Array(size).fill(dice.int(0, 255)),
  );
  const values = raw.map((frame) => decode(frame, pixels, false));
  if (transferSyntax === RLE) {
    const fragments = raw.map((frame) => packed(frame, width, dice));
    const table = dice.chance(0.5) ? [] : offsets(fragments);
    const bytes = Uint8Array.from([
      ...head(0xffffffff, false),
      ...item(table),
      ...fragments.flatMap(item),
      ...delimiter,
    ]);
    return { bytes, pixels, values };
  }
  const isBig = transferSyntax === BIG;
  const flat = raw.flatMap((frame) => [...(isBig ? swapped(frame, width) : frame)]);
  if (flat.length % 2 === 1) flat.push(0);
  const bytes = Uint8Array.from([...head(flat.length, isBig), ...flat]);
  return { bytes, pixels: { ...pixels, valueLength: flat.length }, values };
}

/** Tag, VR and length. */
const head = (length: number, isBig: boolean): number[] =>
  isBig
    ? [0x7f, 0xe0, 0, 0x10, 0x4f, 0x42, 0, 0, ...u32(length).reverse()]
    : [0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, ...u32(length)];
const u32 = (v: number): number[] => [v & 255, (v >>> 8) & 255, (v >>> 16) & 255, v >>> 24];
const item = (value: readonly number[]): number[] => [0xfe, 0xff, 0, 0xe0, ...u32(value.length), ...value];
const delimiter = [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0];
const offsets = (fragments: readonly (readonly number[])[]): number[] =>
  fragments.flatMap((_, i) => u32(fragments.slice(0, i).reduce((sum, fragment) => sum + fragment.length + 8, 0)));

const swapped = (bytes: Uint8Array, width: number): Uint8Array => {
  const out = new Uint8Array(bytes.length);
  bytes.forEach((byte, i) => {
    out[i - (i % width) + (width - 1 - (i % width))] = byte;
  });
  return out;
};

/** RLE of a frame: runs and literals, as they fall. */
function packed(frame: Uint8Array, width: number, dice: Dice): number[] {
  const segments = Array.from({ length: width }, (_, i) => {
    const plane = [...frame].filter((_, at) => at % width === width - 1 - i);
    const out: number[] = [];
    for (let at = 0; at < plane.length; ) {
      let run = 1;
      while (run < 128 && at + run < plane.length && plane[at + run] === plane[at]) run++;
      if (dice.chance(0.05)) out.push(128);
      if (run > 1) out.push(257 - run, plane[at]);
      else out.push(0, plane[at]);
      at += run;
    }
    return out;
  });
  const header = new Array(64).fill(0) as number[];
  header.splice(0, 4, ...u32(width));
  let at = 64;
  segments.forEach((segment, i) => {
    header.splice(4 * (i + 1), 4, ...u32(at));
    at += segment.length;
  });
  const bytes = [...header, ...segments.flat()];
  return bytes.length % 2 === 1 ? [...bytes, 0] : bytes;
}

/** Voxel by voxel with big integers, unlike the reader. */
function decode(frame: Uint8Array, pixels: StoredPixels, isBig: boolean): Float32Array {
  const width = pixels.bitsAllocated / 8;
  const { bitsStored, highBit, isSigned } = pixels;
  return Float32Array.from({ length: frame.length / width }, (_, i) => {
    let stored = 0n;
    for (let b = 0; b < width; b++) stored |= BigInt(frame[i * width + b]) << BigInt(8 * (isBig ? width - 1 - b : b));
    const bits = BigInt.asUintN(bitsStored, stored >> BigInt(highBit + 1 - bitsStored));
    return Number(isSigned ? BigInt.asIntN(bitsStored, bits) : bits);
  });
}

/**
 * What the frames of a file are, by another reader; undefined where this one does not know: whether
 * a mutated packed frame still is one.
 */
export function readNative(bytes: Uint8Array, pixels: StoredPixels): readonly Float32Array[] | null | undefined {
  const { transferSyntax, rows, columns, bitsAllocated, bitsStored, highBit, frames, valueOffset, valueLength } =
    pixels;
  if (![EXPLICIT, BIG].includes(transferSyntax)) return undefined;
  const isBig = transferSyntax === BIG;
  const size = (rows * columns * bitsAllocated) / 8;
  const fits = [
    pixels.samplesPerPixel === 1,
    [8, 16, 32].includes(bitsAllocated),
    bitsStored >= 1 && bitsStored <= highBit + 1 && highBit < bitsAllocated,
    valueLength !== null && valueLength >= frames * size,
    valueLength !== null && valueLength - frames * size - ((frames * size) % 2) < size,
    valueOffset + frames * size <= bytes.length,
  ];
  if (!fits.every(Boolean)) return null;
  const found = [...bytes.subarray(valueOffset - 12, valueOffset)];
  const tag = isBig ? [0x7f, 0xe0, 0] : [0xe0, 0x7f];
  // The last byte of the tag says which of three elements it is; of another VR words are swapped.
  const isTag = (at: number) => tag.every((byte, i) => found[at + i] === byte);
  const element = isBig ? [found[3], 0] : [found[2], found[3]];
  if (!isTag(0) || ![8, 9, 16].includes(element[0]) || element[1] !== 0) return isTag(4) ? undefined : null;
  if (isBig && found[4] === 0x4f && found[5] === 0x57) return undefined;
  return Array.from({ length: frames }, (_, i) =>
    decode(bytes.subarray(valueOffset + i * size, valueOffset + (i + 1) * size), pixels, isBig),
  );
}
