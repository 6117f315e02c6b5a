const convert = 'convert it to .nii.gz first';
const archive = 'give it as a file, or as stdin, if it holds DICOM, and unpack it first if it holds anything else';

/**
 * Formats that turn up where NIfTI was meant: where their mark lies, the mark, what it is, what to
 * do.
 */
const formats: readonly (readonly [at: number, mark: string, what: string, advice: string])[] = [
  [128, 'DICM', 'DICOM', 'give it unpacked: its file, the folder of its series, or a zip or tar of that'],
  [0, 'NRRD', 'NRRD', convert],
  [0, 'ObjectType', 'MetaImage (.mha or .mhd)', convert],
  [0, 'NDims', 'MetaImage (.mha or .mhd)', convert],
  [0, '\x89HDF', 'HDF5 (perhaps MINC)', convert],
  [0, 'CDF', 'NetCDF (perhaps MINC)', convert],
  [0, '\x93NUMPY', 'a NumPy array', convert],
  [0, 'II*\0', 'TIFF', convert],
  [0, 'MM\0*', 'TIFF', convert],
  [0, '\0\0\0\x01', 'FreeSurfer MGH', 'convert it to .nii.gz first, for example with mri_convert'],
  [0, '\x1f\x8b', 'gzip inside gzip', 'unpack it once'],
  [0, 'PK\x03\x04', 'a zip archive', archive],
  [0, 'BZh', 'bzip2', 'unpack it first'],
  [0, '\xfd7zXZ', 'xz', 'unpack it first'],
  [0, '\x28\xb5\x2f\xfd', 'zstd', 'unpack it first'],
  [257, 'ustar', 'a tar archive', archive],
  [0, '\x89PNG', 'a PNG picture', 'give the scan itself'],
  [0, '\xff\xd8\xff', 'a JPEG picture', 'give the scan itself'],
  [0, '%PDF', 'PDF', 'give the scan itself'],
  [0, 'version https://git-lfs', 'a Git LFS pointer', 'fetch the real file with git lfs pull'],
  [0, '<', 'HTML or XML', 'give the scan itself'],
  [0, '{', 'JSON', 'give the scan itself'],
];

/**
 * What bytes that are not NIfTI look like, from their beginning (348 bytes are enough), as the rest
 * of a sentence: "it looks like DICOM; convert …".
 */
export function describeForeign(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 348)).toString('latin1');
  for (const [at, mark, what, advice] of formats) {
    if (text.startsWith(mark, at)) return `it looks like ${what}; ${advice}`;
  }
  if (hasNiftiLength(bytes, 348)) return `it looks like Analyze 7.5, which does not say which way is up; ${convert}`;
  if (/^\0+$/.test(text)) return 'it begins with nothing but zeros; the file is probably damaged, copy it again';
  return 'its first bytes are of no format that is known here; give a .nii or .nii.gz file';
}

/** Whether the first field, the length of the header, has this value in either byte order. */
export function hasNiftiLength(bytes: Uint8Array, length: number): boolean {
  if (bytes.length < 4) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  return view.getInt32(0, true) === length || view.getInt32(0, false) === length;
}
