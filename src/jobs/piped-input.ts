import type { Readable } from 'node:stream';
import { patiently } from '../files/open.js';
import { peekStream } from '../files/peek.js';
import { archiveKindOf, TELLING } from '../formats/archives/identify.js';
import { spoolBytes, unpackArchive } from '../formats/archives/unpack.js';
import { type FilePlace, heldPlace } from '../formats/dicom/file-place.js';
import { limitsOf } from '../limits.js';
import type { LookOptions } from './named-paths.js';

/** Stdin, once it is read. */
let opened: Readable | null = null;

/**
 * Lets go of stdin where it was looked into: a writer that keeps it open would keep the process,
 * though nobody wants more.
 */
export function closeStdin(): void {
  opened?.destroy();
}

/**
 * What comes on stdin: bytes of a NIfTI file, as anything else that is not known here, or the files
 * of a tar, a zip or a single DICOM file, which are written to a temporary file first.
 *
 * @throws SegcanaryError what is wrong with the archive, `timed-out`, `aborted`
 */
export async function readPiped(
  options: LookOptions,
  stdin: Readable = process.stdin,
): Promise<{ readonly bytes: Readable } | { readonly place: FilePlace }> {
  const { limits, signal } = options;
  opened = stdin;
  const name = 'stdin';
  const { stall } = limitsOf(limits);
  const { head, bytes } = await peekStream(stdin, TELLING, { name, stall, signal });
  const kind = archiveKindOf(head);
  // Bytes that come once cannot be looked into further: only the mark tells.
  const isDicom = Buffer.from(head.subarray(128, 132)).toString('latin1') === 'DICM';
  if (kind === null && !isDicom) return { bytes };
  try {
    if (kind !== null) {
      const { files } = await unpackArchive(patiently(bytes, name, { stall, signal }), { ...options, kind, name });
      return { place: heldPlace(name, files) };
    }
    const file = await spoolBytes(patiently(bytes, name, { stall, signal }), { ...options, name });
    return { place: heldPlace(name, [{ name, path: file.path, start: 0, length: file.length }]) };
  } catch (error) {
    // It would keep the process, and whoever writes to it.
    bytes.destroy();
    throw error;
  }
}
