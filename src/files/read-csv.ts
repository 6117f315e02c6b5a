import { parse } from 'csv-parse/sync';
import { SegcanaryError } from '../errors.js';
import { plainCell } from './csv.js';

/** One line of a table. */
export interface CsvRow {
  readonly record: Readonly<Record<string, string>>;
  /** In the file, from 1. */
  readonly line: number;
}

export interface CsvOptions {
  /** Columns that have to be there. */
  readonly required: readonly string[];
  /** All that it may have, for messages. @default those */
  readonly columns?: readonly string[];
  /** What a file without a line beneath its column names should have, in half a sentence. */
  readonly wanted: string;
}

/**
 * Reads a table: a line of column names and a line each, cells parted as the column names are: by
 * commas or, as spreadsheets write it in some countries, by semicolons or tabs. Blanks around cells
 * and empty lines do not matter, and an apostrophe before a formula is taken away (`csvOf`).
 *
 * @param text of the file
 * @param path of the file
 * @returns at least one row
 * @throws SegcanaryError `cohort-invalid`
 */
export function readCsv(text: string, path: string, { required, columns = required, wanted }: CsvOptions): CsvRow[] {
  const invalid = (what: string, cause?: unknown) =>
    new SegcanaryError('cohort-invalid', what, { subject: path, cause });
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  try {
    rows = parse(text, {
      columns: true,
      cast: plainCell,
      delimiter: delimiterOf(text),
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
    }) as never;
  } catch (cause) {
    throw invalid(`is not a CSV file (${(cause as Error).message}).`, cause);
  }
  const [first] = rows;
  if (!first) throw invalid(wanted);
  for (const column of required)
    if (!Object.hasOwn(first.record, column))
      throw invalid(`has no column "${column}"; it needs ${columns.join(', ')}.`);
  return rows.map(({ record, info }) => ({ record, line: info.lines }));
}

/** What parts the column names. */
function delimiterOf(text: string): string {
  const [head] = text.trimStart().split('\n', 1);
  return [',', ';', '\t'].find((delimiter) => head.includes(delimiter)) ?? ',';
}
