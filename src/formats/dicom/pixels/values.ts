import { endianness } from 'node:os';
import { SegcanaryError } from '../../../errors.js';
import type { StoredPixels } from '../dicom-header.js';
import type { Samples } from './decode.js';

const isLittleEndianHost = endianness() === 'LE';
/** The largest finite float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** What turns stored samples into values. */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Refuses pixels that are no image of one number a voxel.
 *
 * @throws SegcanaryError `dicom-unsupported`, `dicom-invalid`
 */
export function refuseUnreadable(pixels: StoredPixels, file: string): void {
  const { samplesPerPixel, photometric, type, bitsAllocated, bitsStored, highBit } = pixels;
  const unsupported = (what: string): SegcanaryError =>
    new SegcanaryError('dicom-unsupported', what, { subject: file });
  if (samplesPerPixel !== 1 || !['MONOCHROME1', 'MONOCHROME2'].includes(photometric))
    throw unsupported(
      `its voxels are colours (${photometric || 'no photometric interpretation'}, ${samplesPerPixel} samples a voxel), and a scan has one number a voxel; take the series that it was made from.`,
    );
  const allowed = type === 'integer' ? [8, 16, 32] : [type === 'float' ? 32 : 64];
  if (!allowed.includes(bitsAllocated))
    throw unsupported(`its samples take ${bitsAllocated} bits, and ${allowed.join(', ')} are read.`);
  const isWithin = bitsStored >= 1 && bitsStored <= highBit + 1 && highBit < bitsAllocated;
  if (type === 'integer' && !isWithin)
    throw new SegcanaryError(
      'dicom-invalid',
      `its samples are said to be ${bitsStored} bits up to bit ${highBit} of ${bitsAllocated}, which cannot be; correct Bits Stored and High Bit.`,
      { subject: file },
    );
}

/**
 * Samples to float32: slope * stored + intercept in f64, rounded once, as pydicom's
 * `apply_modality_lut` followed by a cast. Bits beyond those stored (overlays, in old files) are
 * masked, the sign is extended from the highest stored bit. Padding (Pixel Padding Value) stays
 * what it is and MONOCHROME1 is not inverted: neither changes what a number means.
 *
 * @param samples unpacked; their bytes may be swapped in place
 * @returns [rows * columns], C order
 */
export function valuesOf(
  samples: Samples,
  { type, isSigned, rows, columns }: StoredPixels,
  { slope, intercept }: Rescale,
): Float32Array<ArrayBuffer> {
  const count = rows * columns;
  const out = new Float32Array(count);
  const stored = view(samples, type);
  if (type !== 'integer') {
    for (let i = 0; i < count; i++) out[i] = stored[i] * slope + intercept;
    return out;
  }
  const left = 31 - samples.highBit;
  const right = 32 - samples.bitsStored;
  // Unsigned shifts differ from signed ones in what they fill up with.
  if (isSigned) for (let i = 0; i < count; i++) out[i] = ((stored[i] << left) >> right) * slope + intercept;
  else for (let i = 0; i < count; i++) out[i] = ((stored[i] << left) >>> right) * slope + intercept;
  return out;
}

/**
 * @param where which slice, for the message
 * @throws SegcanaryError `non-finite` where there is NaN or infinity
 */
export function refuseNonFinite(
  values: Float32Array,
  { type, bitsAllocated }: StoredPixels,
  { slope, intercept }: Rescale,
  where: { readonly name: string; readonly z: number },
): void {
  if (type === 'integer' && Math.abs(slope) * 2 ** bitsAllocated + Math.abs(intercept) < LARGEST) return;
  let bad = 0;
  // x - x is 0 for every finite x and NaN otherwise.
  for (let i = 0; i < values.length; i++) if (values[i] - values[i] !== 0) bad++;
  if (bad === 0) return;
  throw new SegcanaryError(
    'non-finite',
    `${bad} voxel${bad > 1 ? 's' : ''} of slice ${where.z} (the first such slice) ${bad > 1 ? 'are' : 'is'} NaN or infinite; replace such voxels before scoring.`,
    { subject: where.name },
  );
}

type Stored = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

function view({ bytes, bitsAllocated, isBigEndian }: Samples, type: StoredPixels['type']): Stored {
  const { buffer, byteOffset } = bytes;
  const length = Math.floor((8 * bytes.length) / bitsAllocated);
  if (bitsAllocated === 8) return bytes;
  if (isBigEndian === isLittleEndianHost) swapBytes(Buffer.from(buffer, byteOffset, bytes.length), bitsAllocated);
  if (type === 'float') return new Float32Array(buffer, byteOffset, length);
  if (type === 'double') return new Float64Array(buffer, byteOffset, length);
  return bitsAllocated === 16
    ? new Uint16Array(buffer, byteOffset, length)
    : new Uint32Array(buffer, byteOffset, length);
}

function swapBytes(bytes: Buffer, bits: number): void {
  if (bits === 16) bytes.swap16();
  else if (bits === 32) bytes.swap32();
  else bytes.swap64();
}
