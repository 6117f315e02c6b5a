import { open, stat } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { hasNiftiLength } from '../identify.js';

/** Bytes of the field `descrip`, in both versions. */
const LENGTH = 80;
const DESCRIP_AT = { 1: 148, 2: 240 } as const;
/** Enough of a packed file for what stands in the header. */
const START = 2048;
const MARK = /^segcanary: ([a-z ]+)$/;

/** What the header of an image says of it that segcanary made, in `descrip`. */
export const describeContent = (content: string): string => `segcanary: ${content}`;

/**
 * Writes a description into a header.
 *
 * @param header 352 bytes of NIfTI-1 or 544 of NIfTI-2
 */
export function putDescription(header: Uint8Array, version: 1 | 2, text: string): void {
  header.set(Buffer.from(text, 'latin1').subarray(0, LENGTH - 1), DESCRIP_AT[version]);
}

/**
 * What an image holds, where its header says that segcanary made it.
 *
 * @param bytes a header, unpacked, and what follows
 * @returns null for any other image, and for bytes that are no whole header
 */
export function contentIn(bytes: Uint8Array): string | null {
  const version = hasNiftiLength(bytes, 540) ? 2 : 1;
  if (bytes.length < (version === 1 ? 348 : 540) || (version === 1 && !hasNiftiLength(bytes, 348))) return null;
  const at = DESCRIP_AT[version];
  const [text] = Buffer.from(bytes.subarray(at, at + LENGTH))
    .toString('latin1')
    .split('\0', 1);
  return MARK.exec(text)?.[1] ?? null;
}

/**
 * The same of a file, packed or not. What cannot be read is told when it is read as a scan; what is
 * no plain file is not even opened.
 */
export async function contentOf(path: string): Promise<string | null> {
  try {
    if (!(await stat(path)).isFile()) return null;
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(START), 0, START, 0);
      return contentIn(unpacked(buffer.subarray(0, bytesRead)));
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

/** The beginning of a file whose packed end is not there. */
const unpacked = (start: Buffer): Uint8Array =>
  start[0] === 0x1f && start[1] === 0x8b ? gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH }) : start;
