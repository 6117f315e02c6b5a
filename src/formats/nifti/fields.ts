import { NIFTI1, NIFTI2 } from 'nifti-reader-js';
import type { NiftiGeometry } from './geometry.js';

/** The fields of a header that matter here, as stored: nothing has been checked. */
export interface NiftiFields {
  readonly littleEndian: boolean;
  readonly dim: readonly number[];
  readonly datatype: number;
  readonly bitpix: number;
  readonly voxelOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly geometry: NiftiGeometry;
}

/**
 * Decodes a header with nifti-reader-js, except for what that reads wrongly: a 64-bit integer below
 * 0 (or, big-endian, beyond 2^31), and the sform where there is a qform too. It is given no
 * extensions, because it walks a damaged chain of them without end, and nothing here needs them.
 *
 * @param bytes at least 348 (version 1) or 540 bytes that begin with that number, as an int32 in
 *   either byte order
 */
export function readFields(bytes: Uint8Array, version: 1 | 2): NiftiFields {
  const raw = version === 1 ? new NIFTI1() : new NIFTI2();
  // A copy of exactly the header: the reader wants a true ArrayBuffer, and a Buffer's own is a
  // shared pool.
  const { buffer } = Uint8Array.from(bytes.subarray(0, version === 1 ? 348 : 540));
  raw.readHeader(buffer);
  const { littleEndian } = raw;
  const view = new DataView(buffer);
  const int64 = (at: number) => Number(view.getBigInt64(at, littleEndian));
  const srow = (i: number) =>
    version === 1 ? view.getFloat32(280 + 4 * i, littleEndian) : view.getFloat64(400 + 8 * i, littleEndian);
  return {
    littleEndian,
    dim: version === 1 ? raw.dims.slice(0, 8) : Array.from({ length: 8 }, (_, i) => int64(16 + 8 * i)),
    datatype: raw.datatypeCode,
    bitpix: view.getInt16(version === 1 ? 72 : 14, littleEndian),
    voxelOffset: version === 1 ? raw.vox_offset : int64(168),
    slope: raw.scl_slope,
    intercept: raw.scl_inter,
    geometry: {
      format: 'nifti',
      pixdim: raw.pixDims.slice(0, 8),
      qformCode: raw.qform_code,
      sformCode: raw.sform_code,
      quatern: [raw.quatern_b, raw.quatern_c, raw.quatern_d],
      qoffset: [raw.qoffset_x, raw.qoffset_y, raw.qoffset_z],
      srow: Array.from({ length: 12 }, (_, i) => srow(i)),
      xyztUnits: raw.xyzt_units,
    },
  };
}
