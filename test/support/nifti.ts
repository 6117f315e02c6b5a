import type { Readable } from 'node:stream';
import type { Slice } from '../../src/chunks.js';
import { type LoadOptions, load } from '../../src/stages/load.js';
import { collect } from './streams.js';

export interface FakeNifti {
  readonly version?: 1 | 2;
  readonly littleEndian?: boolean;
  readonly magic?: string;
  /** dim[0..7] as stored. */
  readonly dim?: readonly number[];
  readonly pixdim?: readonly number[];
  readonly datatype?: number;
  /** @default what the type has */
  readonly bitpix?: number;
  readonly voxelOffset?: number;
  readonly slope?: number;
  readonly inter?: number;
  readonly units?: number;
  readonly qformCode?: number;
  readonly sformCode?: number;
  readonly quatern?: readonly number[];
  readonly srow?: readonly number[];
  /** What follows the header, from the first voxel. @default int16 0, 1, 2, … */
  readonly body?: Uint8Array;
}

const BITS: Readonly<Record<number, number>> = {
  2: 8,
  4: 16,
  8: 32,
  16: 32,
  64: 64,
  256: 8,
  512: 16,
  768: 32,
  1024: 64,
};

/**
 * A NIfTI file built field by field after nifti1.h and nifti2.h, right or wrong as told.
 * Independent of src/formats/nifti/encode-header.ts.
 */
export function fakeNifti(fake: FakeNifti = {}): Buffer {
  const { version = 1, littleEndian: le = true, dim = [3, 4, 3, 2, 1, 1, 1, 1] } = fake;
  const { pixdim = [1, 0.5, 1.5, 2.5, 1, 1, 1, 1], datatype = 4, slope = 0, inter = 0, units = 2 } = fake;
  const { bitpix = BITS[datatype] ?? 0 } = fake;
  const { qformCode = 0, sformCode = 0, quatern = [0, 0, 0, 0, 0, 0], srow = new Array(12).fill(0) } = fake;
  const length = version === 1 ? 348 : 540;
  const { voxelOffset = length + 4, magic = version === 1 ? 'n+1\0' : 'n+2\0\r\n\x1a\n' } = fake;
  const start = Number.isFinite(voxelOffset) ? Math.min(Math.max(voxelOffset, length), 1e6) : length + 4;
  const header = Buffer.alloc(Math.trunc(start));
  const view = new DataView(header.buffer, header.byteOffset);
  view.setInt32(0, length, le);
  if (version === 1) {
    dim.forEach((v, i) => void view.setInt16(40 + 2 * i, v, le));
    view.setInt16(70, datatype, le);
    view.setInt16(72, bitpix, le);
    pixdim.forEach((v, i) => void view.setFloat32(76 + 4 * i, v, le));
    [voxelOffset, slope, inter].forEach((v, i) => void view.setFloat32(108 + 4 * i, v, le));
    view.setUint8(123, units);
    view.setInt16(252, qformCode, le);
    view.setInt16(254, sformCode, le);
    [...quatern, ...srow].forEach((v, i) => void view.setFloat32(256 + 4 * i, v, le));
    header.write(magic, 344, 'latin1');
  } else {
    header.write(magic, 4, 'latin1');
    view.setInt16(12, datatype, le);
    view.setInt16(14, bitpix, le);
    dim.forEach((v, i) => void view.setBigInt64(16 + 8 * i, BigInt(v), le));
    pixdim.forEach((v, i) => void view.setFloat64(104 + 8 * i, v, le));
    view.setBigInt64(168, BigInt(voxelOffset), le);
    view.setFloat64(176, slope, le);
    view.setFloat64(184, inter, le);
    view.setInt32(344, qformCode, le);
    view.setInt32(348, sformCode, le);
    [...quatern, ...srow].forEach((v, i) => void view.setFloat64(352 + 8 * i, v, le));
    view.setInt32(500, units, le);
  }
  return Buffer.concat([header, fake.body ?? counting(24, le)]);
}

/** int16 0, 1, 2, …, n-1. */
export function counting(n: number, littleEndian = true): Buffer {
  const body = Buffer.alloc(2 * n);
  for (let i = 0; i < n; i++) littleEndian ? body.writeInt16LE(i, 2 * i) : body.writeInt16BE(i, 2 * i);
  return body;
}

/** Bytes in pieces of at most `size`. */
export function chop(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** All slices that `load` makes of these bytes, or the error that it ends with. */
export async function loadAll(
  bytes: Readable | Iterable<Uint8Array> | Uint8Array,
  options?: LoadOptions,
): Promise<Slice[]> {
  return collect<Slice>(bytes instanceof Uint8Array ? [bytes] : bytes, load(options));
}

/** All voxels of a scan, x fastest. */
export function voxelsOf(slices: readonly Slice[]): number[] {
  return slices.flatMap((slice) => Array.from(slice.data.data));
}

/** Bytes that gzip cannot shrink. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
