import { constants, gunzipSync } from 'node:zlib';

/** What an archive is packed as. */
export type ArchiveKind = 'zip' | 'tar' | 'tar.gz';

/** Bytes of a file's beginning that tell what it is. */
export const TELLING = 4096;

/**
 * What kind of archive bytes are the beginning of; null for anything else, a NIfTI file that is
 * packed with gzip among it. Names say nothing: an export is often called without an ending.
 *
 * @param head the first `TELLING` bytes, or all where there are fewer
 */
export function archiveKindOf(head: Uint8Array): ArchiveKind | null {
  if (isZip(head)) return 'zip';
  if (isTar(head)) return 'tar';
  if (head[0] !== 0x1f || head[1] !== 0x8b) return null;
  return isTar(unpackedHead(head)) ? 'tar.gz' : null;
}

/** A local file header, or the end of the central directory of a zip without members. */
function isZip(head: Uint8Array): boolean {
  const [p, k, a, b] = head;
  return p === 0x50 && k === 0x4b && ((a === 3 && b === 4) || (a === 5 && b === 6));
}

/** Bytes of a tar header, and where its checksum is and the mark of newer forms. */
const BLOCK = 512;
const CHECKSUM = 148;
const MARK = 257;

/**
 * A header of POSIX 1003.1 (`ustar`), of GNU, or of the tar of Unix V7, which has no mark and is
 * told by its checksum: the sum of all bytes, with those of the checksum taken as spaces.
 */
export function isTar(head: Uint8Array): boolean {
  if (head.length < BLOCK) return false;
  const text = (from: number, length: number) => Buffer.from(head.subarray(from, from + length)).toString('latin1');
  if (text(MARK, 5) === 'ustar') return true;
  const said = /^[ 0]*([0-7]+)[ \0]*$/.exec(text(CHECKSUM, 8));
  if (said === null || head[0] === 0) return false;
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < CHECKSUM || i >= CHECKSUM + 8) sum += head[i];
  return sum === Number.parseInt(said[1], 8);
}

/** What the beginning of gzip data unpacks to, as far as it goes; nothing where it is damaged. */
function unpackedHead(head: Uint8Array): Uint8Array {
  try {
    // At most a thousand times as long as what is given.
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}
