import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** sha256, in hex, of pieces one after another; text counts as its UTF-8. */
export function sha256(...pieces: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/**
 * sha256, in hex, of all that a stream gives.
 *
 * @throws what the stream throws
 */
export async function sha256OfStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of stream) hash.update(piece);
  return hash.digest('hex');
}

/** Bytes that are read at a time: the next are on their way while these are hashed. */
const CHUNK = 4 * 2 ** 20;

/**
 * A whole file, hashed while it is read.
 *
 * @throws what the file system throws
 */
export async function readHashed(path: string): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    // No zeros first: whoever asks for a hash refuses a file that is cut short.
    const bytes = Buffer.allocUnsafeSlow(size);
    const read = (from: number) => file.read(bytes, from, Math.min(CHUNK, size - from), from);
    const hash = createHash('sha256');
    let done = 0;
    for (let reading = read(0); done < size; ) {
      const { bytesRead } = await reading;
      // Cut short since it was looked at.
      if (bytesRead === 0) break;
      const chunk = bytes.subarray(done, done + bytesRead);
      done += bytesRead;
      if (done < size) reading = read(done);
      hash.update(chunk);
    }
    return { bytes: bytes.subarray(0, done), sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
