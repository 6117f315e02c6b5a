import dicomParser, { type DataSet } from 'dicom-parser';
import { SegcanaryError } from '../../errors.js';
import type { Encoding } from './elements.js';
import { type Attribute, tagText } from './tags.js';

/** How PS3.5 section 6.2 writes a decimal string. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
/** Values that hold nothing but what numbers are made of: they can be quoted. */
const HARMLESS = /^[\d\s.,+\-eE\\]{1,64}$/;

const SYNTAX = (encoding: Encoding): string => {
  if (!encoding.isExplicit) return '1.2.840.10008.1.2';
  return encoding.isBig ? '1.2.840.10008.1.2.2' : '1.2.840.10008.1.2.1';
};

/** Without the blanks and NULs that values are padded with. */
export function withoutPadding(value: Buffer): Buffer {
  let { length } = value;
  while (length > 0 && (value[length - 1] === 0 || value[length - 1] === 0x20)) length--;
  return value.subarray(0, length);
}

/**
 * Values of the elements of a data set, or of an item; empty ones are as ones that are not there.
 */
export class Values {
  readonly #name: string;
  readonly #data: DataSet;
  readonly #isUtf8: boolean;

  private constructor(name: string, data: DataSet, isUtf8: boolean) {
    this.#name = name;
    this.#data = data;
    this.#isUtf8 = isUtf8;
  }

  /**
   * @param name of the file, for messages
   * @param elements one after another, whole
   * @throws SegcanaryError `dicom-invalid`
   */
  static of(name: string, elements: Buffer, encoding: Encoding): Values {
    try {
      const data = dicomParser.parseDicom(elements, { TransferSyntaxUID: SYNTAX(encoding) });
      return new Values(name, data, /ISO_IR 192|GB18030/.test(data.string('x00080005') ?? ''));
    } catch (cause) {
      throw new SegcanaryError('dicom-invalid', 'its header is damaged; copy or export the file again.', {
        subject: name,
        cause,
      });
    }
  }

  /** The first item of a sequence; null where there is none. */
  item(attribute: Attribute): Values | null {
    const data = this.#data.elements[attribute.tag]?.items?.[0]?.dataSet;
    return data === undefined ? null : new Values(this.#name, data, this.#isUtf8);
  }

  has(attribute: Attribute): boolean {
    return (this.#data.elements[attribute.tag]?.length ?? 0) > 0;
  }

  /** Text; null where there is none. Characters that cannot be told are replaced. */
  text(attribute: Attribute): string | null {
    const bytes = this.#bytes(attribute);
    const text = bytes.toString(this.#isUtf8 ? 'utf8' : 'latin1');
    // The value ends at a NUL: dicom-parser and pydicom take it so.
    return text.split('\0')[0].trim() || null;
  }

  /** The parts of a text with several values; none where there is no text. */
  texts(attribute: Attribute): readonly string[] {
    return (
      this.text(attribute)
        ?.split('\\')
        .map((part) => part.trim()) ?? []
    );
  }

  /**
   * Numbers that are written out: DS and IS. Null where there are none.
   *
   * @throws SegcanaryError `dicom-invalid` for another number of them, or what is no number
   */
  decimals(attribute: Attribute, count: number): readonly number[] | null {
    // A NUL pads, and within a number it is damage.
    const text = this.#bytes(attribute)
      .toString('latin1')
      .replace(/[\0 ]+$/, '');
    if (text === '') return null;
    const parts = text.split('\\').map((part) => part.trim());
    const numbers = parts.map((part) => (DECIMAL.test(part) ? Number(part) : Number.NaN));
    if (numbers.length !== count || !numbers.every(Number.isFinite)) throw this.#odd(attribute, count);
    return numbers;
  }

  /** One such number. */
  decimal(attribute: Attribute): number | null {
    return this.decimals(attribute, 1)?.[0] ?? null;
  }

  /** A whole number that nothing depends on: null where it is none. */
  label(attribute: Attribute): number | null {
    const [first] = this.texts(attribute);
    return first !== undefined && INTEGER.test(first) && Number.isSafeInteger(Number(first)) ? Number(first) : null;
  }

  /**
   * A number of 16 bits without a sign: US.
   *
   * @throws SegcanaryError `dicom-invalid`
   */
  unsigned(attribute: Attribute): number | null {
    const { length } = this.#bytes(attribute);
    if (length === 0) return null;
    if (length !== 2) throw this.#odd(attribute, 1);
    return this.#data.uint16(attribute.tag) ?? null;
  }

  /** The same with a sign: SS. */
  signed(attribute: Attribute): number | null {
    return this.unsigned(attribute) === null ? null : (this.#data.int16(attribute.tag) ?? null);
  }

  /** A number of 64 bits, FD, that nothing depends on: null where it is none. */
  double(attribute: Attribute): number | null {
    if (this.#bytes(attribute).length !== 8) return null;
    const value = this.#data.double(attribute.tag);
    return value !== undefined && Number.isFinite(value) ? value : null;
  }

  /** Numbers of 32 bits without a sign: UL. */
  unsigned32s(attribute: Attribute): readonly number[] {
    const count = Math.floor(this.#bytes(attribute).length / 4);
    return Array.from({ length: count }, (_, i) => this.#data.uint32(attribute.tag, i) ?? 0);
  }

  /** @throws SegcanaryError `dicom-invalid` when there is no value */
  due<T>(value: T | null, attribute: Attribute): T {
    if (value !== null) return value;
    throw new SegcanaryError(
      'dicom-invalid',
      `${attribute.name} ${tagText(attribute)} is missing; the file is damaged or was exported without it, export it again.`,
      { subject: this.#name },
    );
  }

  /** What is to be said of a value that cannot be: `is 0`. */
  wrong(attribute: Attribute, what: string): SegcanaryError {
    return new SegcanaryError(
      'dicom-invalid',
      `${attribute.name} ${tagText(attribute)} ${what}; the file is damaged, export it again.`,
      { subject: this.#name },
    );
  }

  #bytes(attribute: Attribute): Buffer {
    const element = this.#data.elements[attribute.tag];
    if (element === undefined || element.items !== undefined) return Buffer.alloc(0);
    return (this.#data.byteArray as Buffer).subarray(element.dataOffset, element.dataOffset + element.length);
  }

  #odd(attribute: Attribute, count: number): SegcanaryError {
    const text = this.text(attribute) ?? '';
    const found = HARMLESS.test(text) ? `is "${text}"` : 'is something else';
    const due = count === 1 ? 'a number is' : `${count} numbers are`;
    return this.wrong(attribute, `${found} where ${due} due`);
  }
}
