import { SegcanaryError } from '../../../errors.js';
import type { FileRange } from '../../../files/file-range.js';
import type { DicomSource, SourceFrame } from '../dicom-source.js';
import { Elements } from '../elements.js';
import { readBeginning } from '../part10.js';
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
const COPIED: readonly (readonly [tag: number, vr: string, required?: 'required'])[] = [
  [0x00080005, 'CS'],
  [0x00080020, 'DA', 'required'],
  [0x00080030, 'TM', 'required'],
  [0x00080050, 'SH', 'required'],
  [0x00080090, 'PN', 'required'],
  [0x00080201, 'SH'],
  [0x00081030, 'LO'],
  [0x00100010, 'PN', 'required'],
  [0x00100020, 'LO', 'required'],
  [0x00100021, 'LO'],
  [0x00100030, 'DA', 'required'],
  [0x00100040, 'CS', 'required'],
  [0x00120062, 'CS'],
  [0x00120063, 'LO'],
  [0x00200010, 'SH', 'required'],
];

const CHARACTER_SET = 0x00080005;

const SERIES_NUMBER = 0x00200011;
const SERIES_DATES = [0x00080021, 0x00080020, 0x00080022, 0x00080023];
const SERIES_TIMES = [0x00080031, 0x00080030, 0x00080032, 0x00080033];
const WANTED: ReadonlySet<number> = new Set([
  ...COPIED.map(([tag]) => tag),
  SERIES_NUMBER,
  ...SERIES_DATES,
  ...SERIES_TIMES,
]);
/** Nothing that is wanted comes behind it. */
const LAST = 0x00200011;

/** Bytes of a value that is copied, at most: more than any of these has by the standard. */
const LONGEST = 1024;

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
  const data = await valuesOf(firstOf(source).file);
  const elements = COPIED.flatMap(([tag, vr, required]) => {
    const value = data.get(tag);
    return value === undefined && !required ? [] : [element(tag, vr, value ?? Buffer.of())];
  });
  // What is ASCII is UTF-8 whatever it was called; an escape would begin another character set.
  const isAscii = elements.every(({ bytes }) => bytes.subarray(8).every((byte) => byte < 0x80 && byte !== 0x1b));
  const isUtf8 = isAscii || data.get(CHARACTER_SET)?.toString('latin1').trim() === 'ISO_IR 192';
  const texts = (...tags: readonly number[]) => tags.map((tag) => data.get(tag)?.toString('latin1').trim() ?? '');
  const number = Number.parseInt(texts(SERIES_NUMBER)[0], 10);
  return {
    elements: [
      ...(isUtf8 ? elementsOf({ SpecificCharacterSet: 'ISO_IR 192' }) : []),
      ...elements.filter(({ tag }) => !(isUtf8 && tag === 0x00080005) && (hasMethod(data) || tag !== 0x00120062)),
    ],
    isUtf8,
    seriesNumber: Number.isSafeInteger(number) && number >= 0 ? number : null,
    // Series, study, acquisition, content.
    date: texts(...SERIES_DATES).find((text) => /^\d{8}$/.test(text)) ?? '19000101',
    time:
      texts(...SERIES_TIMES)
        .find((text) => /^\d{6}(\.\d{1,6})?$/.test(text))
        ?.slice(0, 6) ?? '000000',
  };
}

/** Attributes whose texts the character set of what was copied takes. */
export const inTexts = (attributes: Attributes, { isUtf8 }: CopiedAttributes): Attributes =>
  isUtf8 ? attributes : inAscii(attributes);

/** That the identity was removed may be said only together with how. */
const hasMethod = (data: RawValues): boolean => data.get(0x00120063) !== undefined;

/** Raw values by their tags. */
type RawValues = ReadonlyMap<number, Buffer>;

/** The values at the beginning of a file that may be copied, or say when it was made. */
async function valuesOf(file: FileRange): Promise<RawValues> {
  const beginning = await readBeginning(file);
  if (beginning === null)
    throw new SegcanaryError('dicom-invalid', 'is no DICOM file any more.', { subject: file.name });
  const { bytes, encoding } = beginning;
  try {
    const elements = new Elements(bytes, file.name);
    const values = new Map<number, Buffer>();
    for (let at = beginning.at; ; ) {
      const found = await elements.header(at, encoding);
      if (found === null || found.tag > LAST) return values;
      // Longer ones are none that the standard allows there.
      if (found.length !== null && found.length > 0 && found.length <= LONGEST && WANTED.has(found.tag)) {
        const whole = await elements.copy(found, 2 * LONGEST);
        values.set(found.tag, Buffer.from(whole.subarray(found.valueAt - found.at)));
      }
      at = await elements.end(found);
    }
  } finally {
    bytes.close();
  }
}
