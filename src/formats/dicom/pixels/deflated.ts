import { SegcanaryError } from '../../../errors.js';
import type { FileRange } from '../../../files/file-range.js';
import { TempFile } from '../../../files/temp-file.js';
import { beyond, RATIO_FROM, type ScanLimits } from '../../../limits.js';
import { inflated } from '../header-bytes.js';
import { readBeginning } from '../part10.js';
import type { ByteSource } from './byte-source.js';

/**
 * Bytes from `from` to `to` of a deflated file as it is once it is inflated: preamble and file meta
 * information as they are, then what comes out of the raw deflate stream behind them (PS3.5,
 * section A.5). They go to a temporary file, so that frames are read in any order and memory does
 * not grow with them. What lies behind `to` is not looked at.
 *
 * @returns bytes that are addressed as those of the inflated file; fewer where it ends early
 * @throws SegcanaryError `dicom-invalid`, `limit-exceeded`, `io`
 */
export async function inflatedBytes(
  file: FileRange,
  [from, to]: readonly [number, number],
  limits: Pick<ScanLimits, 'bytes' | 'ratio'>,
): Promise<ByteSource> {
  const beginning = await readBeginning(file);
  beginning?.bytes.close();
  if (beginning === null)
    throw new SegcanaryError('dicom-invalid', 'it no longer begins as a DICOM file does; copy it again.', {
      subject: file.name,
    });
  const kept = TempFile.open(undefined, file.name);
  try {
    let at = beginning.at;
    for await (const piece of inflated(file, beginning.at)) {
      const next = at + piece.length;
      if (next > limits.bytes) throw beyond('bytes', limits.bytes, file.name);
      if (next > RATIO_FROM && next > limits.ratio * file.length) throw beyond('ratio', limits.ratio, file.name);
      const wanted = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
      if (wanted.length > 0) await kept.append(wanted);
      at = next;
      if (at >= to) break;
    }
    const length = Math.min(at, to);
    return {
      length,
      async read(start, count) {
        const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(count, length - start)));
        await kept.read(bytes, start - from);
        return bytes;
      },
      close: () => kept.close(),
    };
  } catch (error) {
    await kept.close();
    throw error;
  }
}
