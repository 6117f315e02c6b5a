import { createReadStream } from 'node:fs';
import { createInflateRaw } from 'node:zlib';
import { SegcanaryError } from '../../../errors.js';
import { cannotRead } from '../../../files/atomic.js';
import { type FileRange, readRange } from '../../../files/file-range.js';
import { TempFile } from '../../../files/temp-file.js';
import { beyond, RATIO_FROM, type ScanLimits } from '../../../limits.js';
import type { ByteSource } from './byte-source.js';

/** Bytes of preamble and prefix before the file meta information. Source: PS3.10, section 7.1. */
const PREFIX = 132;
/** File meta information is a few hundred bytes; private information may be in it. */
const MOST_META = 2 ** 16;

/**
 * Where the file meta information ends, and the deflate stream of a deflated file begins.
 *
 * @param start first bytes of the file
 * @returns null where it does not end within these bytes
 */
export function metaEnd(start: Buffer): number | null {
  let at = PREFIX;
  while (at + 8 <= start.length) {
    if (start.readUInt16LE(at) !== 2) return at;
    const vr = start.toString('latin1', at + 4, at + 6);
    const isLong = ['OB', 'OW', 'UN', 'SQ', 'UT', 'OF', 'OD', 'OL'].includes(vr);
    if (isLong && at + 12 > start.length) return null;
    at += isLong ? 12 + start.readUInt32LE(at + 8) : 8 + start.readUInt16LE(at + 6);
  }
  return null;
}

/**
 * Bytes from `from` to `to` of a deflated file as it is once it is inflated: preamble and file meta
 * information as they are, then what comes out of the raw deflate stream behind them (PS3.5,
 * section A.5). They go to a temporary file, so that frames are read in any order and memory does
 * not grow with them. What lies behind `to` is not looked at.
 *
 * @returns bytes that are addressed as those of the inflated file
 * @throws SegcanaryError `dicom-invalid`, `truncated`, `limit-exceeded`, `io`
 */
export async function inflatedBytes(
  file: FileRange,
  [from, to]: readonly [number, number],
  limits: Pick<ScanLimits, 'bytes' | 'ratio'>,
): Promise<ByteSource> {
  const packedFrom = metaEnd(await readRange(file, 0, MOST_META));
  if (packedFrom === null || packedFrom > from)
    throw new SegcanaryError('dicom-invalid', 'its file meta information does not end; copy the file again.', {
      subject: file.name,
    });
  const kept = TempFile.open(undefined, file.name);
  try {
    let at = packedFrom;
    for await (const piece of inflated(file, packedFrom)) {
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

async function* inflated(file: FileRange, from: number): AsyncGenerator<Buffer> {
  const packed = createReadStream(file.path, { start: file.start + from, end: file.start + file.length - 1 });
  const inflating = createInflateRaw({ chunkSize: 1 << 17 });
  packed.once('error', (cause) => inflating.destroy(cannotRead(file.name, cause)));
  packed.pipe(inflating);
  try {
    yield* inflating as AsyncIterable<Buffer>;
  } catch (cause) {
    if (cause instanceof SegcanaryError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR')
      throw new SegcanaryError('truncated', 'its deflated data ends early; the file is incomplete, copy it again.', {
        subject: file.name,
        cause,
      });
    throw new SegcanaryError(
      'dicom-invalid',
      `its deflated data is damaged (${message}); the file is damaged, copy it again.`,
      { subject: file.name, cause },
    );
  } finally {
    packed.destroy();
    inflating.destroy();
  }
}
