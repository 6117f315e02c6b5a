import { type NiftiHeader, parseHeader } from './header.js';

/** A .hdr turned into what precedes the voxels of a single file. */
export interface JoinedHeader {
  /** Header, and no extensions: 352 bytes for NIfTI-1, 544 for NIfTI-2. */
  readonly prefix: Uint8Array;
  /** Bytes of the .img before its first voxel. */
  readonly skip: number;
}

/**
 * Rewrites the header of a .hdr/.img pair so that it may be followed by the voxels themselves: the
 * magic, and where the voxels begin. With it a pair is one stream of bytes like every other scan.
 *
 * @param bytes the first `headerLength` bytes of the .hdr
 * @param name of the .hdr, for messages
 * @throws SegcanaryError `nifti-invalid`, `nifti-unsupported`
 */
export function joinPair(bytes: Uint8Array, name: string): JoinedHeader {
  const header: NiftiHeader = parseHeader(bytes, { name, pair: true });
  const length = header.version === 1 ? 352 : 544;
  const prefix = new Uint8Array(length);
  prefix.set(bytes.subarray(0, length - 4));
  const view = new DataView(prefix.buffer);
  if (header.version === 1) {
    view.setFloat32(108, length, header.littleEndian);
    prefix[345] = '+'.charCodeAt(0);
  } else {
    view.setBigInt64(168, BigInt(length), header.littleEndian);
    prefix[5] = '+'.charCodeAt(0);
  }
  return { prefix, skip: header.voxelOffset };
}
