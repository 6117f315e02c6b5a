import { type FileHandle, open } from 'node:fs/promises';
import { cannotRead } from './atomic.js';

/**
 * A file, or a part of one that holds a file: a member of an archive that was written out to a
 * temporary file.
 */
export interface FileRange {
  /** Name in messages: the path below the folder, or inside the archive, that a user gave. */
  readonly name: string;
  readonly path: string;
  /** First byte within `path`. */
  readonly start: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * Bytes of a range: from `at` on, counted from its first byte, `length` of them or as many as there
 * are.
 *
 * @throws SegcanaryError `io` when the file cannot be read
 */
export async function readRange(range: FileRange, at: number, length: number): Promise<Buffer> {
  const wanted = Math.max(0, Math.min(length, range.length - at));
  const bytes = Buffer.allocUnsafe(wanted);
  let file: FileHandle | null = null;
  try {
    file = await open(range.path);
    let done = 0;
    while (done < wanted) {
      const { bytesRead } = await file.read(bytes, done, wanted - done, range.start + at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } catch (cause) {
    throw cannotRead(range.name, cause);
  } finally {
    await file?.close();
  }
}
