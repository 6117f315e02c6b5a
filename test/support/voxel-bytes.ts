import { gunzipSync } from 'node:zlib';
import { headerLength, parseHeader } from '../../src/formats/nifti/header.js';

/** The voxels of a packed NIfTI file, as they are stored. */
export function voxelBytes(gz: Uint8Array): Buffer {
  const bytes = gunzipSync(gz);
  return bytes.subarray(parseHeader(bytes.subarray(0, headerLength(bytes) ?? 0), { name: 'x' }).voxelOffset);
}
