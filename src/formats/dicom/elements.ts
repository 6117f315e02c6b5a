import { SegcanaryError } from '../../errors.js';
import type { HeaderBytes } from './header-bytes.js';

/** How the elements of a data set are written: PS3.5 section 7.1. */
export interface Encoding {
  readonly isExplicit: boolean;
  readonly isBig: boolean;
}

export const IMPLICIT_LITTLE: Encoding = { isExplicit: false, isBig: false };
export const EXPLICIT_LITTLE: Encoding = { isExplicit: true, isBig: false };
export const EXPLICIT_BIG: Encoding = { isExplicit: true, isBig: true };

/** What stands before the value of an element, an item or a delimiter. */
export interface ElementHeader {
  /** group * 65536 + element */
  readonly tag: number;
  /** Where the element begins. */
  readonly at: number;
  readonly valueAt: number;
  /** Bytes; null where the length is undefined. */
  readonly length: number | null;
  /** How its items are written, where it has any. */
  readonly inside: Encoding;
}

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED = 0xffffffff;
/** Sequences within sequences; structured reports go deepest, to about ten. */
const DEEPEST = 64;
/** Value representations whose length has 32 bits: PS3.5 section 7.1.2. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

const u16 = (bytes: Buffer, at: number, isBig: boolean) => (isBig ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
const u32 = (bytes: Buffer, at: number, isBig: boolean) => (isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
const defined = (length: number): number | null => (length === UNDEFINED ? null : length);

/** Whether two bytes can be a value representation. */
export const isVr = (first: number, second: number): boolean =>
  first >= 0x41 && first <= 0x5a && second >= 0x41 && second <= 0x5a;

/** Walks over the elements of a data set without keeping any. */
export class Elements {
  readonly #bytes: HeaderBytes;
  readonly #name: string;

  constructor(bytes: HeaderBytes, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  /**
   * What begins here; null at the end of the bytes.
   *
   * @throws SegcanaryError `truncated`, `dicom-invalid`
   */
  async header(at: number, encoding: Encoding): Promise<ElementHeader | null> {
    const bytes = this.#bytes;
    if (!bytes.holds(at, 12) && !(await bytes.load(at, 12)) && !bytes.holds(at, 8)) {
      if (bytes.isOverrun || bytes.holds(at, 1)) throw this.#truncated();
      return null;
    }
    const view = bytes.rest(at);
    const { isBig } = encoding;
    const tag = u16(view, 0, isBig) * 65536 + u16(view, 2, isBig);
    if (!encoding.isExplicit || tag >>> 16 === 0xfffe)
      return { tag, at, valueAt: at + 8, length: defined(u32(view, 4, isBig)), inside: encoding };
    if (!isVr(view[4], view[5]))
      throw this.#invalid(`the element at byte ${at} has no value representation, which its encoding asks for`);
    const vr = view.toString('latin1', 4, 6);
    if (!LONG.has(vr)) return { tag, at, valueAt: at + 8, length: u16(view, 6, isBig), inside: encoding };
    if (view.length < 12) throw this.#truncated();
    // What has the representation "unknown" is written with implicit ones: PS3.5 section 6.2.2.
    const inside = vr === 'UN' ? IMPLICIT_LITTLE : encoding;
    return { tag, at, valueAt: at + 12, length: defined(u32(view, 8, isBig)), inside };
  }

  /**
   * First byte behind an element. Bytes that are not looked at are not read.
   *
   * @throws SegcanaryError `truncated`, `dicom-invalid`
   */
  async end(element: ElementHeader, depth = 0): Promise<number> {
    if (element.length !== null) return element.valueAt + element.length;
    if (depth > DEEPEST) throw this.#invalid(`it has more than ${DEEPEST} sequences within each other`);
    for (let at = element.valueAt; ; ) {
      const item = await this.#due(at, element.inside);
      if (item.tag === SEQUENCE_END) return item.valueAt;
      if (item.tag !== ITEM) throw this.#invalid(`the sequence before byte ${at} has something else than items`);
      at = await this.#endOfItem(item, depth);
    }
  }

  /**
   * The items of a sequence, where the value of each begins and, where that is said, ends.
   *
   * @param visit gives the first byte behind the item where its own length is undefined
   * @returns first byte behind the sequence
   */
  async items(sequence: ElementHeader, visit: (item: ElementHeader) => Promise<number>): Promise<number> {
    const end = sequence.length === null ? null : sequence.valueAt + sequence.length;
    let at = sequence.valueAt;
    while (end === null || at < end) {
      const item = await this.#due(at, sequence.inside);
      if (item.tag === SEQUENCE_END && end === null) return item.valueAt;
      if (item.tag !== ITEM) throw this.#invalid(`the sequence before byte ${at} has something else than items`);
      at = await visit(item);
    }
    return at;
  }

  /**
   * Copies the elements that are wanted out of an item.
   *
   * @param most bytes that are copied at most
   */
  async pick(
    item: ElementHeader,
    wanted: ReadonlySet<number>,
    most: number,
  ): Promise<{ readonly bytes: Buffer; readonly end: number }> {
    const end = item.length === null ? null : item.valueAt + item.length;
    const parts: Buffer[] = [];
    let at = item.valueAt;
    let total = 0;
    while (end === null || at < end) {
      const element = await this.#due(at, item.inside);
      if (element.tag === ITEM_END && end === null) return { bytes: Buffer.concat(parts), end: element.valueAt };
      if (wanted.has(element.tag)) {
        const part = await this.copy(element, most - total);
        parts.push(part);
        total += part.length;
        at += part.length;
      } else at = await this.end(element);
    }
    return { bytes: Buffer.concat(parts), end: at };
  }

  /**
   * A whole element, head included, copied.
   *
   * @throws SegcanaryError `truncated`; `dicom-invalid` when it is longer than `most` bytes
   */
  async copy(element: ElementHeader, most: number): Promise<Buffer> {
    this.#bytes.pin(element.at, most);
    try {
      const length = (await this.end(element)) - element.at;
      if (!(await this.#bytes.load(element.at, length))) throw this.#truncated();
      return Buffer.from(this.#bytes.view(element.at, length));
    } finally {
      this.#bytes.unpin();
    }
  }

  async #endOfItem(item: ElementHeader, depth: number): Promise<number> {
    if (item.length !== null) return item.valueAt + item.length;
    for (let at = item.valueAt; ; ) {
      const element = await this.#due(at, item.inside);
      if (element.tag === ITEM_END) return element.valueAt;
      at = element.length === null ? await this.end(element, depth + 1) : element.valueAt + element.length;
    }
  }

  async #due(at: number, encoding: Encoding): Promise<ElementHeader> {
    const bytes = await this.header(at, encoding);
    if (bytes === null) throw this.#truncated();
    return bytes;
  }

  #truncated(): SegcanaryError {
    return new SegcanaryError('truncated', 'the DICOM file ends within its header; it is incomplete, copy it again.', {
      subject: this.#name,
    });
  }

  #invalid(what: string): SegcanaryError {
    return new SegcanaryError('dicom-invalid', `${what}; the file is damaged, copy or export it again.`, {
      subject: this.#name,
    });
  }
}
