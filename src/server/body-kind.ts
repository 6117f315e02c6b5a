import { constants, gunzipSync } from 'node:zlib';
import { type ArchiveKind, archiveKindOf, TELLING } from '../formats/archives/identify.js';

/** What the bytes of a scan are: an image in a file of its own, a DICOM file, an archive. */
export type BodyKind = 'image' | 'dicom' | ArchiveKind;

/** What stands behind the preamble of a DICOM file, and where (PS3.10, section 7.1). */
const MARK = 'DICM';
const PREAMBLE = 128;
/** Bytes of a tar header, which may be told by its checksum alone. */
const BLOCK = 512;

/**
 * What a file's first bytes show it to be, whatever it is called; null where there are too few of
 * them and more may come. What is none of the others is taken for an image, whose reader says what
 * is wrong with it.
 *
 * @param isAll whether the file has no more than these
 */
export function kindOf(head: Buffer, isAll: boolean): BodyKind | null {
  const isEnough = isAll || head.length >= TELLING;
  if (head.length < 4) return isEnough ? 'image' : null;
  if (isNifti(head)) return 'image';
  const archive = archiveKindOf(head);
  if (archive !== null) return archive;
  if (head[0] === 0x1f && head[1] === 0x8b) {
    const plain = unpacked(head);
    return isEnough || plain.length >= BLOCK || isNifti(plain) ? 'image' : null;
  }
  if (beginsAsDicom(head)) return 'dicom';
  return isEnough || head.length >= BLOCK ? 'image' : null;
}

/** The length of a NIfTI header, of version 1 or 2, in either order of bytes. */
const isNifti = (head: Buffer): boolean =>
  head.length >= 4 && [head.readInt32LE(), head.readInt32BE()].some((size) => size === 348 || size === 540);

/** What the beginning of a gzip file unpacks to so far; nothing where it is damaged. */
function unpacked(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

/**
 * Whether a file begins as a DICOM file does: with the mark behind its preamble, or, where it has
 * none, with an element of group 0002 or 0008, as some old ones do.
 */
export function beginsAsDicom(head: Buffer): boolean {
  if (head.toString('latin1', PREAMBLE, PREAMBLE + MARK.length) === MARK) return true;
  if (head.length < 4) return false;
  const isFirst = (group: number, element: number) => (group === 2 || group === 8) && element < 256;
  return isFirst(head.readUInt16LE(), head.readUInt16LE(2)) || isFirst(head.readUInt16BE(), head.readUInt16BE(2));
}
