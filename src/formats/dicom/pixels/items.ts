import { SegcanaryError } from '../../../errors.js';
import type { ByteSource } from './byte-source.js';

/** One item of encapsulated pixel data: a fragment, or the basic offset table. */
export interface Item {
  /** First byte of the item's header, and of its value. */
  readonly at: number;
  readonly from: number;
  /** Bytes of the value. */
  readonly length: number;
}

const ITEM = 0xfffee000;
const DELIMITER = 0xfffee0dd;
/** Bytes read at a time: small items lie side by side. */
const WINDOW = 4096;

/**
 * Items of encapsulated pixel data by their headers, values unread, up to the sequence delimiter or
 * the end of the file. Source: PS3.5, section A.4.
 *
 * @throws SegcanaryError `dicom-invalid` for anything else than items, `truncated` for one that
 *   goes beyond the end of the file
 */
export async function* itemsOf(bytes: ByteSource, start: number, file: string): AsyncGenerator<Item> {
  let window: Buffer = Buffer.alloc(0);
  let windowAt = start;
  for (let at = start; at < bytes.length; ) {
    if (at < windowAt || at + 8 > windowAt + window.length) {
      window = await bytes.read(at, WINDOW);
      windowAt = at;
    }
    const header = window.subarray(at - windowAt, at - windowAt + 8);
    if (header.length < 8) throw cut(file, bytes.length, at + 8);
    const tag = header.readUInt16LE(0) * 2 ** 16 + header.readUInt16LE(2);
    const length = header.readUInt32LE(4);
    if (tag === DELIMITER) return;
    if (tag !== ITEM || length === 0xffffffff)
      throw new SegcanaryError(
        'dicom-invalid',
        `where an item of its packed pixels should begin, at byte ${at}, there is none; the file is damaged, or changed while it was read: copy it again.`,
        { subject: file },
      );
    if (at + 8 + length > bytes.length) throw cut(file, bytes.length, at + 8 + length);
    yield { at, from: at + 8, length };
    at += 8 + length;
  }
}

/** The sentence for a file that ends before its pixels do. */
export const cut = (file: string, found: number, needed: number): SegcanaryError =>
  new SegcanaryError(
    'truncated',
    `it ends after ${found} bytes, and its pixels need at least ${needed}; the file is incomplete, copy it again.`,
    { subject: file },
  );
