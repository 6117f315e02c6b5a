import { z } from 'zod';

/**
 * The DICOM JSON model (PS3.18, annex F), as far as it is read here: attributes by their tag in
 * eight hexadecimal digits, each with its values.
 */
const attribute = z.looseObject({ vr: z.string().optional(), Value: z.array(z.unknown()).optional() });
const dataset = z.record(z.string(), attribute);

export type Dataset = z.output<typeof dataset>;

/**
 * What an answer in DICOM JSON says.
 *
 * @throws SyntaxError, ZodError for what is none
 */
export function readDatasets(text: string): Dataset[] {
  const value: unknown = JSON.parse(text);
  return z.array(dataset).parse(value);
}

/**
 * One data set, in a list of its own or not.
 *
 * @throws SyntaxError, ZodError for what is none
 */
export function readDataset(text: string): Dataset {
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? (readDatasets(text)[0] ?? {}) : dataset.parse(value);
}

/** The first value of an attribute as text; null where there is none. */
export function textOf(of: Dataset, tag: string): string | null {
  const [value] = of[tag]?.Value ?? [];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : null;
}

/** The first value of an attribute as a number; null where it is none. */
export function numberOf(of: Dataset, tag: string): number | null {
  const text = textOf(of, tag);
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The items of a sequence; null where the attribute is not there at all. */
export function itemsOf(of: Dataset, tag: string): Dataset[] | null {
  const found = of[tag];
  return found === undefined ? null : z.array(dataset).parse(found.Value ?? []);
}
