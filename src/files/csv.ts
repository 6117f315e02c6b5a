import { stringify } from 'csv-stringify/sync';

/** What makes a spreadsheet take a cell for a formula, at its beginning. Source: OWASP. */
const FORMULA = /^'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/**
 * CSV of rows of numbers and text. Text that a spreadsheet would run as a formula gets an
 * apostrophe before it, which `plainCell` takes away; numbers stay as they are. What parts cells in
 * some countries is quoted too, so that no formula begins behind it.
 */
export const csvOf = (rows: readonly (readonly unknown[])[]): string =>
  stringify(
    rows.map((row) => row.map(defused)),
    { quoted_match: /[;\t\r]/ },
  );

const defused = (cell: unknown): unknown => (typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : cell);

/** A cell of a CSV as it was before `csvOf` wrote it. */
export const plainCell = (cell: string): string => (cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell);
