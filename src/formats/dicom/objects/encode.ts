import { dcmjs } from '../quiet.js';

/** Values by the keywords of PS3.6; a sequence is a list of the same. */
export interface Attributes {
  readonly [keyword: string]: unknown;
}

/** One element of a data set, with the number of its tag, group first: 0x00100010. */
export interface Element {
  readonly tag: number;
  readonly bytes: Buffer;
}

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const UNDEFINED_LENGTH = 0xffffffff;
/** Value representations whose length takes four bytes (PS3.5 section 7.1.2). */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT']);

/** Elements in explicit VR little endian, one a keyword. Texts are written in UTF-8. */
export function elementsOf(attributes: Attributes): Element[] {
  const { DicomMessage, DicomMetaDictionary } = dcmjs.data;
  const dataset = DicomMetaDictionary.denaturalizeDataset(attributes);
  return Object.entries(dataset).map(([tag, value]) => {
    const stream = new dcmjs.data.WriteBufferStream(256);
    DicomMessage.write({ [tag]: value }, stream, EXPLICIT_LITTLE_ENDIAN, {});
    return { tag: Number.parseInt(tag, 16), bytes: Buffer.from(stream.getBuffer() as ArrayBuffer) };
  });
}

/** Elements one behind another, as a data set has them: tags ascending. */
export const dataset = (elements: readonly Element[]): Buffer =>
  Buffer.concat(elements.toSorted((a, b) => a.tag - b.tag).map(({ bytes }) => bytes));

/** What `elementsOf` gives, as a data set. */
export const encode = (attributes: Attributes): Buffer => dataset(elementsOf(attributes));

/** An element of a value that is encoded already; it is padded to an even length. */
export function element(tag: number, vr: string, value: Uint8Array, padding = 0x20): Element {
  const odd = value.length % 2;
  const bytes = [elementHead(tag, vr, value.length + odd), value, ...(odd ? [Buffer.from([padding])] : [])];
  return { tag, bytes: Buffer.concat(bytes) };
}

/** What comes before an element's value. */
export function elementHead(tag: number, vr: string, length: number): Buffer {
  const isLong = LONG.has(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  putTag(head, tag, 0);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
  return head;
}

/** An item of a sequence. */
export function item(...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(8);
  putTag(head, 0xfffee000, 0);
  head.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.length, 0),
    4,
  );
  return Buffer.concat([head, ...parts]);
}

/** A sequence of items that are encoded already. */
export function sequence(tag: number, items: readonly Uint8Array[]): Element {
  return element(tag, 'SQ', Buffer.concat(items));
}

/** The beginning of a sequence whose items are written one by one. */
export const sequenceStart = (tag: number): Buffer => elementHead(tag, 'SQ', UNDEFINED_LENGTH);

/** Its end. */
export const SEQUENCE_END: Buffer = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);

/** The same with texts in ASCII, for a data set whose character set does not take others. */
export function inAscii(attributes: Attributes): Attributes {
  const folded = (value: unknown): unknown => {
    if (typeof value === 'string') return toAscii(value);
    if (Array.isArray(value)) return value.map(folded);
    const isSequenceItem = typeof value === 'object' && value !== null && !(value instanceof ArrayBuffer);
    return isSequenceItem ? inAscii(value as Attributes) : value;
  };
  return Object.fromEntries(Object.entries(attributes).map(([keyword, value]) => [keyword, folded(value)]));
}

/** Letters without their accents, and ? for what is left. */
export const toAscii = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{ASCII}]/gu, '?');

/** A text of at most so many characters; line ends and backslashes are not for a single line. */
export const short = (text: string, characters: number): string =>
  [...text.replace(/[\p{Cc}\\]+/gu, ' ').trim()].slice(0, characters).join('');

/** A number as a decimal string, of at most 16 characters (PS3.5 section 6.2). */
export function decimal(value: number): string {
  for (let digits = 15; digits > 1; digits--) {
    const rounded = Number(value.toPrecision(digits));
    const text = [String(rounded), rounded.toExponential()].find((form) => form.length <= 16);
    if (text !== undefined) return text;
  }
  return value.toPrecision(1);
}

function putTag(bytes: Buffer, tag: number, at: number): void {
  bytes.writeUInt16LE(tag >>> 16, at);
  bytes.writeUInt16LE(tag & 0xffff, at + 2);
}
