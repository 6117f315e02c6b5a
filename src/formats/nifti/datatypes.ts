/** The voxel types that are read. */
export type NiftiDataType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float32'
  | 'float64';

/** NIfTI's code and the bytes of a voxel. Source: nifti1.h, DT_*. */
export const dataTypes: Readonly<Record<NiftiDataType, { readonly code: number; readonly bytes: number }>> = {
  uint8: { code: 2, bytes: 1 },
  int16: { code: 4, bytes: 2 },
  int32: { code: 8, bytes: 4 },
  float32: { code: 16, bytes: 4 },
  float64: { code: 64, bytes: 8 },
  int8: { code: 256, bytes: 1 },
  uint16: { code: 512, bytes: 2 },
  uint32: { code: 768, bytes: 4 },
  int64: { code: 1024, bytes: 8 },
  uint64: { code: 1280, bytes: 8 },
};

/** Types that a NIfTI file may hold and a segmentation network has no use for. */
export const unusableTypes: Readonly<Record<number, string>> = {
  1: '1-bit voxels',
  32: 'complex numbers (complex64)',
  128: 'RGB colours',
  1536: '128-bit floats (float128)',
  1792: 'complex numbers (complex128)',
  2048: 'complex numbers (complex256)',
  2304: 'RGBA colours',
};

/** The type of a NIfTI code, or null where it is not one that is read. */
export function dataTypeOf(code: number): NiftiDataType | null {
  for (const name of Object.keys(dataTypes) as NiftiDataType[]) if (dataTypes[name].code === code) return name;
  return null;
}
