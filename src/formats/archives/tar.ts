import { extract, type Headers } from 'tar-stream';
import { isAbort, SegcanaryError } from '../../errors.js';
import type { MemberSink } from './member-sink.js';

/**
 * Unpacks the files of a tar as its bytes come: POSIX (pax), GNU and the oldest form, names of any
 * length. Folders, links, devices and hidden files are left out; names are names, wherever they
 * seem to lead.
 *
 * @param bytes plain, not packed
 * @param name of the archive in messages
 * @param packed bytes that were read of the archive so far
 * @throws SegcanaryError `truncated` where it ends in the middle, or without the zeros that end a
 *   tar; `archive-invalid` for a damaged header, for sparse files and parts of a series of tapes;
 *   `limit-exceeded`; what the bytes throw
 */
export async function unpackTar(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  packed: () => number,
  sink: MemberSink,
): Promise<void> {
  const archive = extract({ allowUnknownFormat: true });
  const ending = new Ending();
  const fed = feed(bytes, archive, ending);
  // It ends the reading below; that one is told of.
  fed.catch(() => {});
  try {
    for await (const entry of archive) {
      sink.count();
      const { header } = entry;
      refuseUnread(header, name);
      if (isFile(header) && sink.wants(header.name)) await sink.add(header.name, entry, packed);
      entry.resume();
    }
    await fed;
  } catch (cause) {
    // Bytes are not waited for: what was wrong with them has ended the reading, and is the cause.
    archive.destroy();
    throw explain(cause, name);
  }
  if (!ending.isThere)
    throw new SegcanaryError(
      'truncated',
      'ends without the block of zeros that ends a tar; it is incomplete, copy it again.',
      { subject: name },
    );
}

async function feed(
  bytes: AsyncIterable<Uint8Array>,
  archive: ReturnType<typeof extract>,
  ending: Ending,
): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    archive.once('close', resolve);
  });
  try {
    for await (const piece of bytes) {
      if (archive.destroyed) return;
      ending.push(piece);
      if (!archive.write(piece))
        await Promise.race([gone, new Promise<void>((resolve) => archive.once('drain', resolve))]);
    }
    archive.end();
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** Whether what came last is a block of zeros: a tar that was cut between two members has none. */
class Ending {
  #zeros = 0;

  push(piece: Uint8Array): void {
    let last = piece.length;
    while (last > 0 && piece[last - 1] === 0) last--;
    this.#zeros = piece.length - last + (last === 0 ? this.#zeros : 0);
  }

  get isThere(): boolean {
    return this.#zeros >= 512;
  }
}

const isFile = ({ type }: Headers): boolean => type === 'file' || type === 'contiguous-file';

/** With what the library adds and its types leave out: the keys of a pax header. */
type Header = Headers & { readonly pax?: Readonly<Record<string, string>> | null };

function refuseUnread({ name: member, type, pax }: Header, name: string): void {
  const isSparse = Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse'));
  if (type && !isSparse) return;
  throw new SegcanaryError(
    'archive-invalid',
    `holds ${member} as a sparse file, or in a form of tar that is not read; unpack it and name the folder.`,
    { subject: name },
  );
}

function explain(cause: unknown, name: string): unknown {
  if (cause instanceof SegcanaryError || isAbort(cause)) return cause;
  const { message, syscall } = cause as NodeJS.ErrnoException;
  // A disk or a pipe that fails: whoever reads it knows its name.
  if (syscall !== undefined) return cause;
  if (/Unexpected end/.test(message))
    return new SegcanaryError('truncated', 'ends in the middle of a member; it is incomplete, copy it again.', {
      subject: name,
      cause,
    });
  return new SegcanaryError('archive-invalid', `is a damaged tar (${message}); copy it again.`, {
    subject: name,
    cause,
  });
}
