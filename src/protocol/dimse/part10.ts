import { SegcanaryError } from '../../errors.js';
import { type FileRange, readRange } from '../../files/file-range.js';
import { paddedUid } from './command-set.js';
import { IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, isUid } from './uids.js';

/** What the file meta information of an object says (PS3.10, section 7.1). */
export interface FileMeta {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
}

const META = {
  length: 0x0000,
  version: 0x0001,
  sopClass: 0x0002,
  sopInstance: 0x0003,
  transferSyntax: 0x0010,
  implementationUid: 0x0012,
  implementationVersion: 0x0013,
} as const;

/** Value representations whose length has four bytes, behind two that are reserved. */
const LONG = ['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'UN', 'UT', 'UC', 'UR', 'SQ', 'SV', 'UV'];

const PREAMBLE = 128;
/** Bytes of file meta information at most; real ones have a few hundred. */
const LONGEST = 2 ** 16;

/**
 * Preamble, prefix and file meta information: what goes before a data set that came by C-STORE. The
 * AE title of the sender is left out, for it may name a room.
 */
export function encodeFileMeta({ sopClass, sopInstance, transferSyntax }: FileMeta): Buffer {
  const group = Buffer.concat([
    element(META.version, 'OB', Buffer.of(0, 1)),
    element(META.sopClass, 'UI', paddedUid(sopClass)),
    element(META.sopInstance, 'UI', paddedUid(sopInstance)),
    element(META.transferSyntax, 'UI', paddedUid(transferSyntax)),
    element(META.implementationUid, 'UI', paddedUid(IMPLEMENTATION_UID)),
    element(META.implementationVersion, 'SH', Buffer.from(IMPLEMENTATION_VERSION.padEnd(10))),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(group.length, 0);
  return Buffer.concat([Buffer.alloc(PREAMBLE), Buffer.from('DICM'), element(META.length, 'UL', length), group]);
}

/**
 * Reads what has to be known of a file to send it: its identity, and where its data set begins.
 *
 * @throws SegcanaryError `dicom-invalid` for a file without file meta information; `io`
 */
export async function readFileMeta(file: FileRange): Promise<FileMeta & { readonly dataset: number }> {
  const bytes = await readRange(file, 0, LONGEST);
  const invalid = (what: string) =>
    new SegcanaryError('dicom-invalid', `${what}; send files in the format of DICOM Part 10.`, { subject: file.name });
  if (bytes.toString('latin1', PREAMBLE, PREAMBLE + 4) !== 'DICM') throw invalid('is no DICOM file');
  const values = new Map<number, string>();
  let at = PREAMBLE + 4;
  while (at + 8 <= bytes.length && bytes.readUInt16LE(at) === 0x0002) {
    const isLong = LONG.includes(bytes.toString('latin1', at + 4, at + 6));
    const begin = at + (isLong ? 12 : 8);
    if (begin > bytes.length) break;
    const end = begin + (isLong ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6));
    if (end > bytes.length) throw invalid('has file meta information that ends behind the file');
    values.set(bytes.readUInt16LE(at + 2), bytes.toString('latin1', begin, end).replace(/[\s\0]+$/, ''));
    at = end;
  }
  const uid = (number: number) => values.get(number) ?? '';
  const meta = {
    sopClass: uid(META.sopClass),
    sopInstance: uid(META.sopInstance),
    transferSyntax: uid(META.transferSyntax),
  };
  if (!Object.values(meta).every(isUid)) throw invalid('has file meta information without its UIDs');
  return { ...meta, dataset: at };
}

function element(number: number, vr: string, value: Buffer): Buffer {
  const isLong = LONG.includes(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(0x0002, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}
