import { constants, inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import { SegcanaryError } from '../../../errors.js';
import { type FileRange, readRange } from '../../../files/file-range.js';
import type { DicomSource, SourceFrame } from '../dicom-source.js';
import { type Attributes, type Element, element, elementsOf, inAscii } from './encode.js';

/** What an object copies from the series that it is of. */
export interface CopiedAttributes {
  /** Patient and study, byte for byte, with their character set. */
  readonly elements: readonly Element[];
  /** Whether they are UTF-8, so that other texts may be too. */
  readonly isUtf8: boolean;
  readonly seriesNumber: number | null;
  /**
   * When the series was made, `YYYYMMDD` and `HHMMSS`, as far as it says. An object has the same,
   * and not the time at which it was written: a second run gives the same bytes.
   */
  readonly date: string;
  readonly time: string;
}

/**
 * Modules Patient and General Study (PS3.3 sections C.7.1.1 and C.7.2.1), as far as a patient and a
 * study are known again by them. Those that may be empty, and have to be there, are `required`.
 */
const COPIED: Readonly<Record<string, readonly [vr: string, required?: 'required']>> = {
  x00080005: ['CS'],
  x00080020: ['DA', 'required'],
  x00080030: ['TM', 'required'],
  x00080050: ['SH', 'required'],
  x00080090: ['PN', 'required'],
  x00080201: ['SH'],
  x00081030: ['LO'],
  x00100010: ['PN', 'required'],
  x00100020: ['LO', 'required'],
  x00100021: ['LO'],
  x00100030: ['DA', 'required'],
  x00100040: ['CS', 'required'],
  x00120062: ['CS'],
  x00120063: ['LO'],
  x00200010: ['SH', 'required'],
};

const CHARACTER_SET = 'x00080005';

/** Bytes of a value that is copied, at most: more than any of these has by the standard. */
const LONGEST = 1024;
/** Bytes of a file in which everything that is copied is looked for, at first and at most. */
const FIRST = 1 << 16;
const MOST = 1 << 24;

/** Instances in an order of their own, whatever the order of the slices: by their UIDs. */
export function byUid(a: SourceFrame, b: SourceFrame): number {
  return a.sopInstance.length - b.sopInstance.length || (a.sopInstance < b.sopInstance ? -1 : 1);
}

/**
 * The frame that stands for its series: of the first instance, which is there too when a series was
 * sent in part, because scanners count up.
 */
export const firstOf = ({ frames }: DicomSource): SourceFrame =>
  frames.reduce((first, frame) => (byUid(frame, first) < 0 ? frame : first));

/**
 * Reads what is copied from the header of the series' first file.
 *
 * @throws SegcanaryError `io`, `dicom-invalid`
 */
export async function copyAttributes(source: DicomSource): Promise<CopiedAttributes> {
  const data = await headOf(firstOf(source).file);
  const elements = Object.entries(COPIED).flatMap(([tag, [vr, required]]) => {
    const value = rawValue(data, tag);
    return value === null && !required ? [] : [element(Number.parseInt(tag.slice(1), 16), vr, value ?? Buffer.of())];
  });
  // What is ASCII is UTF-8 whatever it was called; an escape would begin another character set.
  const isAscii = elements.every(({ bytes }) => bytes.subarray(8).every((byte) => byte < 0x80 && byte !== 0x1b));
  const isUtf8 = isAscii || rawValue(data, CHARACTER_SET)?.toString('latin1').trim() === 'ISO_IR 192';
  const texts = (...tags: readonly string[]) => tags.map((tag) => rawValue(data, tag)?.toString('latin1').trim() ?? '');
  const number = Number.parseInt(texts('x00200011')[0], 10);
  return {
    elements: [
      ...(isUtf8 ? elementsOf({ SpecificCharacterSet: 'ISO_IR 192' }) : []),
      ...elements.filter(({ tag }) => !(isUtf8 && tag === 0x00080005) && (hasMethod(data) || tag !== 0x00120062)),
    ],
    isUtf8,
    seriesNumber: Number.isSafeInteger(number) && number >= 0 ? number : null,
    // Series, study, acquisition, content.
    date: texts('x00080021', 'x00080020', 'x00080022', 'x00080023').find((text) => /^\d{8}$/.test(text)) ?? '19000101',
    time:
      texts('x00080031', 'x00080030', 'x00080032', 'x00080033')
        .find((text) => /^\d{6}(\.\d{1,6})?$/.test(text))
        ?.slice(0, 6) ?? '000000',
  };
}

/** Attributes whose texts the character set of what was copied takes. */
export const inTexts = (attributes: Attributes, { isUtf8 }: CopiedAttributes): Attributes =>
  isUtf8 ? attributes : inAscii(attributes);

/** That the identity was removed may be said only together with how. */
const hasMethod = (data: DataSet): boolean => rawValue(data, 'x00120063') !== null;

/** The raw value of an element; null where it is not there, or is none that could be copied. */
function rawValue(data: DataSet, tag: string): Buffer | null {
  const found = data.elements[tag];
  if (found === undefined || found.items !== undefined || !(found.length > 0 && found.length <= LONGEST)) return null;
  const value = data.byteArray.subarray(found.dataOffset, found.dataOffset + found.length);
  return value.length === found.length ? Buffer.from(value) : null;
}

/** The elements at the beginning of a file, those of group 0020 included. */
async function headOf(file: FileRange): Promise<DataSet> {
  for (let size = FIRST; ; size *= 4) {
    const bytes = await readRange(file, 0, size);
    const data = elementsIn(bytes);
    const isAll = size >= file.length || size >= MOST;
    if (data && (isAll || Object.keys(data.elements).some((tag) => tag > 'x0021'))) return data;
    if (isAll) throw new SegcanaryError('dicom-invalid', 'its header cannot be read.', { subject: file.name });
  }
}

/** What can be read of bytes that may end anywhere. */
function elementsIn(bytes: Uint8Array): DataSet | null {
  const inflater = (all: Uint8Array, from: number) =>
    Buffer.concat([
      all.subarray(0, from),
      inflateRawSync(all.subarray(from), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 28 }),
    ]);
  try {
    return dicomParser.parseDicom(bytes, { untilTag: 'x7fe00010', inflater });
  } catch (error) {
    return (error as { readonly dataSet?: DataSet }).dataSet ?? null;
  }
}
