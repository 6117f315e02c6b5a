import { crc32 } from 'node:zlib';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { isAbort, SegcanaryError } from '../../errors.js';
import { cannotRead } from '../../files/atomic.js';
import { beyond } from '../../limits.js';
import type { ArchiveLimits, MemberSink } from './member-sink.js';

/**
 * Unpacks the files of a zip: stored or deflated, zip64 too, each against its length and CRC-32.
 * Folders, links and hidden files are left out; names are names, wherever they seem to lead.
 *
 * @param path of the zip, which is read from its end
 * @param name of it in messages
 * @throws SegcanaryError `truncated` where its directory is not at its end, `archive-invalid` for
 *   any other damage, and for members that are encrypted or packed in another way; `limit-exceeded`
 */
export async function unpackZip(path: string, name: string, limits: ArchiveLimits, sink: MemberSink): Promise<void> {
  let zip: ZipFile | null = null;
  let member: string | null = null;
  try {
    // Names are decoded here: the library refuses some, and none is ever a path.
    zip = await yauzl.openPromise(path, { autoClose: false, decodeStrings: false });
    if (zip.entryCount > limits.members) throw beyond('members', limits.members, name);
    const { fileSize } = zip;
    for await (const entry of zip.eachEntry()) {
      sink.count();
      member = nameOf(entry);
      if (!isFile(entry, member) || !sink.wants(member)) continue;
      refuseUnread(entry, member, name);
      let crc = 0;
      const bytes: AsyncIterable<Uint8Array> = await zip.openReadStreamPromise(entry);
      await sink.add(
        member,
        bytes,
        () => fileSize,
        (piece) => {
          crc = crc32(piece, crc);
        },
      );
      if (crc !== entry.crc32)
        throw new SegcanaryError('archive-invalid', damaged(member, 'its checksum is wrong'), { subject: name });
    }
  } catch (cause) {
    throw explain(cause, name, member);
  } finally {
    zip?.close();
  }
}

/** Appendix D of APPNOTE: UTF-8 where bit 11 says so; else a code page, which only names need. */
const nameOf = ({ fileNameRaw, generalPurposeBitFlag }: Entry): string =>
  fileNameRaw.toString(generalPurposeBitFlag & 0x800 ? 'utf8' : 'latin1');

/** Types of files that Unix keeps in the upper half of the attributes; 0 where there is none. */
const TYPE = 0o170000;
const REGULAR = 0o100000;

function isFile({ externalFileAttributes, versionMadeBy }: Entry, name: string): boolean {
  if (/[/\\]$/.test(name)) return false;
  // 3: Unix, 19: macOS. Elsewhere the upper half says something else.
  const type = [3, 19].includes(versionMadeBy >>> 8) ? (externalFileAttributes >>> 16) & TYPE : 0;
  return type === 0 || type === REGULAR;
}

function refuseUnread(entry: Entry, member: string, name: string): void {
  if (entry.isEncrypted())
    throw new SegcanaryError(
      'archive-invalid',
      `is encrypted (${member}); unpack it with its password and name the folder.`,
      { subject: name },
    );
  const { compressionMethod: method } = entry;
  if (method !== 0 && method !== 8)
    throw new SegcanaryError(
      'archive-invalid',
      `packs ${member} by method ${method}, and stored and deflated (0 and 8) are read; unpack it and name the folder.`,
      { subject: name },
    );
}

const damaged = (member: string, why: string) => `${member} in it is damaged (${why}); copy the archive again.`;

function explain(cause: unknown, name: string, member: string | null): unknown {
  if (cause instanceof SegcanaryError || isAbort(cause)) return cause;
  const { message, code } = cause as NodeJS.ErrnoException;
  if (code?.startsWith('E')) return cannotRead(name, cause);
  if (/End of central directory record signature not found/.test(message))
    return new SegcanaryError('truncated', 'ends before the directory of the zip; it is incomplete, copy it again.', {
      subject: name,
      cause,
    });
  if (/strong encryption/.test(message))
    return new SegcanaryError('archive-invalid', 'is encrypted; unpack it with its password and name the folder.', {
      subject: name,
      cause,
    });
  const sentence = member === null ? `is a damaged zip (${message}); copy it again.` : damaged(member, message);
  return new SegcanaryError('archive-invalid', sentence, { subject: name, cause });
}
