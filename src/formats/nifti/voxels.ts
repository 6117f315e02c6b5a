import { endianness } from 'node:os';
import { dataTypes, type NiftiDataType } from './datatypes.js';

const littleEndianHost = endianness() === 'LE';

export interface VoxelEncoding {
  readonly dataType: NiftiDataType;
  readonly littleEndian: boolean;
  readonly slope: number;
  readonly intercept: number;
  /**
   * Whether integers are rounded to float32 before slope and intercept are applied.
   * @default false
   */
  readonly roundsFirst?: boolean;
}

/**
 * Stored voxels to float32: slope * stored + intercept in f64, rounded once at the end, as
 * nibabel's get_fdata followed by astype(float32), or before too, as ITK does. 64-bit integers
 * become f64 first, rounding half to even beyond 2^53.
 *
 * @param raw the voxels as stored, in a buffer of their own; swapped in place where their byte
 *   order is not the machine's
 */
export function decodeVoxels(raw: Uint8Array<ArrayBuffer>, encoding: VoxelEncoding): Float32Array<ArrayBuffer> {
  const { dataType, littleEndian, slope, intercept, roundsFirst = false } = encoding;
  if (littleEndian !== littleEndianHost) swapBytes(raw, dataType);
  const stored = view(raw, dataType);
  // A copy converts natively.
  if (slope === 1 && intercept === 0) return new Float32Array(stored);
  const out = new Float32Array(stored.length);
  if (roundsFirst && dataType !== 'float64') {
    for (let i = 0; i < out.length; i++) out[i] = Math.fround(stored[i]) * slope + intercept;
    return out;
  }
  for (let i = 0; i < out.length; i++) out[i] = stored[i] * slope + intercept;
  return out;
}

/**
 * Whether every voxel that can be stored so is finite in float32: of integers, unless the slope
 * carries them beyond it. Such voxels need not be looked at.
 */
export function alwaysFinite({ dataType, slope, intercept }: VoxelEncoding): boolean {
  if (dataType.startsWith('float')) return false;
  return Math.abs(slope) * 2 ** (8 * dataTypes[dataType].bytes) + Math.abs(intercept) < LARGEST_FLOAT32;
}

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/** Voxels that are NaN or infinite. */
export function countNonFinite(voxels: Float32Array): number {
  let count = 0;
  // x - x is 0 for every finite x and NaN otherwise.
  for (let i = 0; i < voxels.length; i++) if (voxels[i] - voxels[i] !== 0) count++;
  return count;
}

type Stored =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

function view(raw: Uint8Array<ArrayBuffer>, dataType: NiftiDataType): Stored {
  const { buffer, byteOffset, length } = raw;
  switch (dataType) {
    case 'uint8':
      return raw;
    case 'int8':
      return new Int8Array(buffer, byteOffset, length);
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, length / 2);
    case 'int16':
      return new Int16Array(buffer, byteOffset, length / 2);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, length / 4);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length / 4);
    case 'float32':
      return new Float32Array(buffer, byteOffset, length / 4);
    case 'float64':
      return new Float64Array(buffer, byteOffset, length / 8);
    case 'uint64':
      return wide(raw, new Uint32Array(buffer, byteOffset, length / 4));
    case 'int64':
      return wide(raw, new Int32Array(buffer, byteOffset, length / 4));
  }
}

/**
 * 64-bit integers to f64 from two halves: 2^32 * high is exact, so the sum rounds once.
 * BigInt64Array costs an object a voxel.
 */
function wide(raw: Uint8Array<ArrayBuffer>, highs: Uint32Array | Int32Array): Float64Array {
  const lows = new Uint32Array(raw.buffer, raw.byteOffset, raw.length / 4);
  const out = new Float64Array(raw.length / 8);
  const low = littleEndianHost ? 0 : 1;
  for (let i = 0; i < out.length; i++) out[i] = highs[2 * i + 1 - low] * 2 ** 32 + lows[2 * i + low];
  return out;
}

function swapBytes(raw: Uint8Array, dataType: NiftiDataType): void {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  if (dataType.endsWith('64')) bytes.swap64();
  else if (dataType.endsWith('32')) bytes.swap32();
  else if (dataType.endsWith('16')) bytes.swap16();
}
