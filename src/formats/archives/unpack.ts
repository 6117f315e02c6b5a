import { SegcanaryError } from '../../errors.js';
import type { FileRange } from '../../files/file-range.js';
import { openFile, patiently } from '../../files/open.js';
import { SpooledFile } from '../../files/spooled-file.js';
import { beyond, limitsOf, type ScanLimits } from '../../limits.js';
import { inflate } from '../inflate.js';
import type { ArchiveKind } from './identify.js';
import { type ArchiveLimits, MemberSink } from './member-sink.js';
import { unpackTar } from './tar.js';
import { unpackZip } from './zip.js';

export interface UnpackOptions {
  readonly kind: ArchiveKind;
  /** Name of the archive in messages. */
  readonly name: string;
  /** Where the temporary file lies. @default os.tmpdir() */
  readonly tmpdir?: string | undefined;
  /** `bytes`, `ratio`, `members` and `stall` count. @default DEFAULT_LIMITS */
  readonly limits?: Partial<ScanLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The files of an archive, as parts of one temporary file. */
export interface UnpackedArchive {
  /** In the order in which they are in the archive; their names are those inside it. */
  readonly files: readonly FileRange[];
  /** Removes the temporary file; at the end of the process it goes by itself. */
  remove(): Promise<void>;
}

/**
 * Unpacks an archive to one temporary file. What is in it is checked to its last byte before
 * anything is read of it.
 *
 * @param source path of the archive, or its bytes, which are written out first where it is a zip:
 *   that is read from its end
 * @throws SegcanaryError `archive-invalid`, `truncated`, `gzip-corrupt`, `limit-exceeded`, `io`,
 *   `timed-out` where bytes stay away, `aborted`
 */
export async function unpackArchive(
  source: string | AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<UnpackedArchive> {
  const { kind, name, tmpdir, signal } = options;
  const limits = limitsOf(options.limits);
  const file = await SpooledFile.create(tmpdir, name);
  try {
    const sink = new MemberSink(file, name, limits, signal);
    if (kind === 'zip') {
      const zip = typeof source === 'string' ? null : await spoolBytes(source, options);
      await unpackZip(zip?.path ?? (source as string), name, limits, sink).finally(() => zip?.remove());
    } else await unpackBytes(source, options, limits, sink);
    await file.finish();
    return { files: sink.files, remove: () => file.remove() };
  } catch (error) {
    await file.remove();
    throw error;
  }
}

async function unpackBytes(
  source: string | AsyncIterable<Uint8Array>,
  { name, kind, signal }: UnpackOptions,
  limits: ScanLimits,
  sink: MemberSink,
): Promise<void> {
  let packed = 0;
  const read = async function* () {
    const bytes =
      typeof source === 'string' ? patiently(await openFile(source), name, { stall: limits.stall, signal }) : source;
    for await (const piece of bytes) {
      packed += piece.length;
      yield piece;
    }
  };
  await unpackTar(kind === 'tar' ? read() : inflate(read(), name, limits), name, () => packed, sink);
}

/**
 * Bytes that can be read only once, as a file.
 *
 * @throws SegcanaryError `limit-exceeded`, `io`, `aborted`; what the bytes throw
 */
export async function spoolBytes(
  bytes: AsyncIterable<Uint8Array>,
  { name, tmpdir, limits, signal }: Omit<UnpackOptions, 'kind'>,
): Promise<SpooledFile> {
  const most = limitsOf(limits).bytes;
  const file = await SpooledFile.create(tmpdir, name);
  try {
    for await (const piece of bytes) {
      if (signal?.aborted) throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: name });
      if (file.length + piece.length > most) throw beyond('bytes', most, name);
      await file.append(piece);
    }
    await file.finish();
    return file;
  } catch (error) {
    await file.remove();
    throw error;
  }
}

export type { ArchiveLimits };
