import { SegcanaryError } from '../../errors.js';
import type { FileRange } from '../../files/file-range.js';
import {
  type ElementHeader,
  Elements,
  type Encoding,
  EXPLICIT_BIG,
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  isVr,
} from './elements.js';
import { HeaderBytes } from './header-bytes.js';
import { withoutPadding } from './values.js';

const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const BIG = '1.2.840.10008.1.2.2';

/** How a file begins: PS3.10 section 7.1. */
export interface Beginning {
  /** Whether it has the preamble, without which it may be anything. */
  readonly isPart10: boolean;
  /** UID of the transfer syntax; where the file says none, that of what it looks like. */
  readonly transferSyntax: string;
  /** Media Storage SOP Class and Instance UID; null where they are not said. */
  readonly sopClass: string | null;
  readonly sopInstance: string | null;
  /** The data set: its bytes, where it begins, how it is written. */
  readonly bytes: HeaderBytes;
  readonly at: number;
  readonly encoding: Encoding;
}

/** Whether the bytes of a file begin as those of a DICOM file with its preamble do. */
export const hasPreamble = (bytes: Uint8Array): boolean =>
  bytes.length >= 132 && Buffer.from(bytes.buffer, bytes.byteOffset + 128, 4).toString('latin1') === 'DICM';

/**
 * Preamble and file meta information. Whoever takes the bytes over closes them.
 *
 * @returns null when the file is no DICOM
 * @throws SegcanaryError `truncated`, `dicom-invalid`, `io`
 */
export async function readBeginning(file: FileRange): Promise<Beginning | null> {
  const bytes = HeaderBytes.ofFile(file);
  await bytes.load(0, 132);
  const first = bytes.rest(0);
  const isPart10 = hasPreamble(first);
  const start = isPart10 ? 132 : 0;
  if (!isPart10 && guess(first) === null && !isMeta(first)) return null;
  const meta = await readMeta(new Elements(bytes, file.name), bytes, start).catch((error: unknown) => {
    if (!isPart10 && error instanceof SegcanaryError && error.code !== 'io') return null;
    throw error;
  });
  if (meta === null) return null;
  const { uids, end } = meta;
  const stated = uids.get(0x00020010);
  await bytes.load(end, 12);
  if (stated === DEFLATED) return beginning(HeaderBytes.ofDeflated(file, end), EXPLICIT_LITTLE, DEFLATED);
  const encoding = encodingOf(stated, bytes.rest(end));
  if (encoding === null) {
    if (!isPart10) return null;
    throw new SegcanaryError(
      bytes.rest(end).length < 8 ? 'truncated' : 'dicom-invalid',
      'nothing that can be read follows its file meta information; the file is damaged or incomplete, copy it again.',
      { subject: file.name },
    );
  }
  return beginning(bytes, encoding, stated ?? (encoding.isBig ? BIG : encoding.isExplicit ? EXPLICIT : IMPLICIT));

  function beginning(bytes: HeaderBytes, encoding: Encoding, transferSyntax: string): Beginning {
    const sopClass = uids.get(0x00020002) ?? null;
    const sopInstance = uids.get(0x00020003) ?? null;
    return { isPart10, transferSyntax, sopClass, sopInstance, bytes, at: end, encoding };
  }
}

const META = new Set([0x00020002, 0x00020003, 0x00020010]);

/** Group 2 by its tags, and not by its stated length, which is wrong in some files. */
async function readMeta(elements: Elements, bytes: HeaderBytes, start: number) {
  const uids = new Map<number, string>();
  let at = start;
  while ((await bytes.load(at, 8)) && bytes.rest(at).readUInt16LE(0) === 2) {
    const element = (await elements.header(at, EXPLICIT_LITTLE)) as ElementHeader;
    const end = await elements.end(element);
    if (META.has(element.tag)) {
      const value = (await elements.copy(element, 1024)).subarray(element.valueAt - at);
      uids.set(element.tag, withoutPadding(value).toString('latin1'));
    }
    at = end;
  }
  return { uids, end: at };
}

const isMeta = (bytes: Buffer): boolean =>
  bytes.length >= 8 && bytes.readUInt16LE(0) === 2 && bytes.readUInt16LE(2) <= 0x102 && isVr(bytes[4], bytes[5]);

/**
 * How a data set is written: as its transfer syntax says, unless its first element shows that it
 * has value representations and none were due, or none and they were: files are found of both.
 */
function encodingOf(transferSyntax: string | undefined, bytes: Buffer): Encoding | null {
  if (bytes.length < 8) return null;
  if (transferSyntax === undefined) return guess(bytes);
  if (transferSyntax === BIG) return EXPLICIT_BIG;
  return isVr(bytes[4], bytes[5]) ? EXPLICIT_LITTLE : IMPLICIT_LITTLE;
}

/** How a data set that begins with group 8, as all that hold images do, is written. */
function guess(bytes: Buffer): Encoding | null {
  if (bytes.length < 8) return null;
  if (bytes.readUInt16BE(0) === 8 && isVr(bytes[4], bytes[5])) return EXPLICIT_BIG;
  if (bytes.readUInt16LE(0) !== 8) return null;
  if (isVr(bytes[4], bytes[5])) return EXPLICIT_LITTLE;
  return bytes.readUInt32LE(4) < 2 ** 16 ? IMPLICIT_LITTLE : null;
}
