/** The fields of a NIfTI-1 header: first byte, bytes of one value, values. Source: nifti1.h. */
const FIELDS: readonly (readonly [name: string, at: number, bytes: number, count: number])[] = [
  ['sizeof_hdr', 0, 4, 1],
  ['data_type', 4, 10, 1],
  ['db_name', 14, 18, 1],
  ['extents', 32, 4, 1],
  ['session_error', 36, 2, 1],
  ['regular', 38, 1, 1],
  ['dim_info', 39, 1, 1],
  ['dim', 40, 2, 8],
  ['intent_p', 56, 4, 3],
  ['intent_code', 68, 2, 1],
  ['datatype', 70, 2, 1],
  ['bitpix', 72, 2, 1],
  ['slice_start', 74, 2, 1],
  ['pixdim', 76, 4, 8],
  ['vox_offset', 108, 4, 1],
  ['scl_slope', 112, 4, 1],
  ['scl_inter', 116, 4, 1],
  ['slice_end', 120, 2, 1],
  ['slice_code', 122, 1, 1],
  ['xyzt_units', 123, 1, 1],
  ['cal_max', 124, 4, 1],
  ['cal_min', 128, 4, 1],
  ['slice_duration', 132, 4, 1],
  ['toffset', 136, 4, 1],
  ['glmax', 140, 4, 1],
  ['glmin', 144, 4, 1],
  ['descrip', 148, 80, 1],
  ['aux_file', 228, 24, 1],
  ['qform_code', 252, 2, 1],
  ['sform_code', 254, 2, 1],
  ['quatern', 256, 4, 3],
  ['qoffset', 268, 4, 3],
  ['srow', 280, 4, 12],
  ['intent_name', 328, 16, 1],
  ['magic', 344, 4, 1],
];

/** Which field a byte of the header is in: `dim[3]`. */
export function fieldAt(byte: number): string {
  const found = FIELDS.find(([, at, bytes, count]) => byte >= at && byte < at + bytes * count);
  if (!found) throw new Error(`a NIfTI-1 header has no byte ${byte}`);
  const [name, at, bytes, count] = found;
  return count === 1 ? name : `${name}[${Math.floor((byte - at) / bytes)}]`;
}
