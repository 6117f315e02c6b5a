import type { Readable } from 'node:stream';
import type { ScanLimits } from '../limits.js';
import { contentOfObject } from './dicom/objects/content.js';
import { readerOf } from './readers.js';
import type { HeaderOptions, ScanReader } from './scan-reader.js';

/**
 * The bytes of the scan at `path`, for `load`: a `.nii` or `.nii.gz` as it is, whatever its name; a
 * pair, given by either of its `.hdr` and `.img` (each may be `.gz`), as the single file that holds
 * the same header and voxels.
 *
 * @param limits of what a packed .img may hold; a single file is unpacked, and measured, by `load`
 * @param signal ends the reading of a pair's header, which comes before there is a stream
 * @throws SegcanaryError `io` when there is no such file, it cannot be read, is a folder or lacks
 *   its partner; for a pair also what is wrong with its header
 */
export async function openScan(path: string, limits?: Partial<ScanLimits>, signal?: AbortSignal): Promise<Readable> {
  return readerOf(path).open(path, limits, signal);
}

/** Every file that is read for the scan at `path`: of a pair both, as far as they are there. */
export const filesOfScan = (path: string): Promise<readonly string[]> => readerOf(path).files(path);

/**
 * What the image at `path` holds, where its header says that segcanary made it; null for any other,
 * and for what cannot be read.
 */
export const contentOf = async (path: string): Promise<string | null> =>
  (await readerOf(path).contentOf(path)) ?? (await contentOfObject(path));

/**
 * The header of the scan at `path`, and nothing more of it.
 *
 * @throws SegcanaryError as `openScan`, and what is wrong with the header
 */
export function readHeader(path: string, options?: HeaderOptions): ReturnType<ScanReader['readHeader']> {
  return readerOf(path).readHeader(path, options);
}
