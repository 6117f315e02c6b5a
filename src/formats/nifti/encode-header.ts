import { endianness } from 'node:os';
import type { Triple } from '../../chunks.js';
import { describeContent, putDescription } from './content.js';
import { dataTypes, type NiftiDataType } from './datatypes.js';
import type { NiftiGeometry } from './geometry.js';

export interface HeaderToWrite {
  /** Voxels along [z, y, x]. */
  readonly shape: Triple;
  /** Volumes of a 4-D file. @default 1: a 3-D file */
  readonly volumes?: number;
  readonly dataType: NiftiDataType;
  readonly geometry: NiftiGeometry;
  /** What the image holds, as `contentOf` finds it again. @default nothing is said */
  readonly content?: string | undefined;
}

/** Voxels are written as the machine holds them, so the header has to be in its byte order too. */
const littleEndian = endianness() === 'LE';

/**
 * The bytes before the voxels of a single-file NIfTI of three or four dimensions: 352 for NIfTI-1,
 * 544 for NIfTI-2, which is used where a dimension does not fit 16 bits. Slope 1, intercept 0, no
 * extensions. Source: nifti1.h, nifti2.h.
 */
export function encodeHeader(header: HeaderToWrite): Uint8Array {
  return Math.max(...header.shape) > 32767 ? encodeNifti2(header) : encodeNifti1(header);
}

function encodeNifti1({ shape: [z, y, x], volumes = 1, dataType, geometry, content }: HeaderToWrite): Uint8Array {
  const { code, bytes } = dataTypes[dataType];
  const { view, result, int16, int32, float32 } = fields(352);
  int32(0, [348]);
  int16(40, [volumes > 1 ? 4 : 3, x, y, z, volumes, 1, 1, 1]);
  int16(70, [code, 8 * bytes]);
  float32(76, geometry.pixdim);
  float32(108, [352, 1, 0]);
  view.setUint8(123, geometry.xyztUnits);
  if (content !== undefined) putDescription(result, 1, describeContent(content));
  int16(252, [geometry.qformCode, geometry.sformCode]);
  float32(256, [...geometry.quatern, ...geometry.qoffset, ...geometry.srow]);
  result.set(Buffer.from('n+1\0', 'latin1'), 344);
  return result;
}

function encodeNifti2({ shape: [z, y, x], volumes = 1, dataType, geometry, content }: HeaderToWrite): Uint8Array {
  const { code, bytes } = dataTypes[dataType];
  const { result, int16, int32, int64, float64 } = fields(544);
  int32(0, [540]);
  result.set(Buffer.from('n+2\0\r\n\x1a\n', 'latin1'), 4);
  int16(12, [code, 8 * bytes]);
  int64(16, [volumes > 1 ? 4 : 3, x, y, z, volumes, 1, 1, 1]);
  float64(104, geometry.pixdim);
  int64(168, [544]);
  float64(176, [1, 0]);
  if (content !== undefined) putDescription(result, 2, describeContent(content));
  int32(344, [geometry.qformCode, geometry.sformCode]);
  float64(352, [...geometry.quatern, ...geometry.qoffset, ...geometry.srow]);
  int32(500, [geometry.xyztUnits]);
  return result;
}

/** Setters for runs of equal fields. */
function fields(size: number) {
  const result = new Uint8Array(size);
  const view = new DataView(result.buffer);
  const run = (bytes: number, set: (at: number, value: number) => void) => (at: number, values: readonly number[]) =>
    values.forEach((value, i) => {
      set(at + i * bytes, value);
    });
  return {
    result,
    view,
    int16: run(2, (at, value) => view.setInt16(at, value, littleEndian)),
    int32: run(4, (at, value) => view.setInt32(at, value, littleEndian)),
    int64: run(8, (at, value) => view.setBigInt64(at, BigInt(value), littleEndian)),
    float32: run(4, (at, value) => view.setFloat32(at, value, littleEndian)),
    float64: run(8, (at, value) => view.setFloat64(at, value, littleEndian)),
  };
}
