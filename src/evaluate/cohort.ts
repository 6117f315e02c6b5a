import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { SegcanaryError } from '../errors.js';
import { readCsv } from '../files/read-csv.js';

/** One scan of a cohort. */
export interface CohortCase {
  readonly case: string;
  /** A file a channel. */
  readonly images: readonly string[];
  /** The true segmentation, where there is one. */
  readonly label: string | null;
  readonly split: 'train' | 'val' | 'test';
  /**
   * In-distribution, out-of-distribution, or changed and still segmented well: `shifted-id` counts
   * neither as the one nor as the other, and is reported apart.
   */
  readonly group: 'id' | 'ood' | 'shifted-id';
  /** What kind of shift, for scans that have one; may be empty. */
  readonly shift: string;
  readonly dataset: string;
}

const columns = ['case', 'image', 'label', 'split', 'group', 'shift', 'dataset'] as const;
const required = ['case', 'image', 'split', 'group'] as const;

const rowSchema = z.object({
  case: z.string().regex(/^[^/\\\p{Cc}]+$/u, 'expected a name without slashes and control characters'),
  image: z.string().min(1),
  label: z.string().default(''),
  split: z.enum(['train', 'val', 'test']),
  group: z.enum(['id', 'ood', 'shifted-id']),
  shift: z.string().default(''),
  dataset: z.string().default(''),
});

/**
 * Reads a cohort: a CSV with the columns case, image, label, split (train, val, test), group (id,
 * ood, shifted-id), shift, dataset.
 * Cells are parted as the column names are: by commas or, as spreadsheets
 * write it in some countries, by semicolons or tabs. Paths are relative to the file, channels are
 * joined by `;` (in quotes where that parts cells), label, shift and dataset may be empty or
 * missing. An apostrophe before what a spreadsheet would take for a formula is no part of a cell.
 *
 * @param text of the file
 * @param path of the file
 * @throws SegcanaryError `cohort-invalid` naming the line
 */
export function readCohort(text: string, path: string): CohortCase[] {
  const invalid = (what: string) => new SegcanaryError('cohort-invalid', what, { subject: path });
  const rows = readCsv(text, path, {
    required,
    columns,
    wanted: 'lists no scans; give a line of column names and a line a scan.',
  });
  const seen = new Set<string>();
  const cases = rows.map(({ record, line }) => {
    const found = rowSchema.safeParse(record);
    if (!found.success) {
      const [issue] = found.error.issues;
      throw invalid(`line ${line}, column ${String(issue.path[0])}: ${issue.message}.`);
    }
    const { image, label, ...rest } = found.data;
    if (seen.has(rest.case)) throw invalid(`line ${line}: the case ${rest.case} is listed twice.`);
    seen.add(rest.case);
    const at = (file: string) => resolve(dirname(path), file.trim());
    return { ...rest, images: image.split(';').map(at), label: label === '' ? null : at(label) };
  });
  const count = (split: string, group: string) => cases.filter((c) => c.split === split && c.group === group).length;
  if (cases.some((c) => c.split !== 'test' && c.group !== 'id'))
    throw invalid(
      'has shifted or out-of-distribution scans outside of the split test; detectors are fitted and calibrated in-distribution.',
    );
  for (const split of ['train', 'val', 'test'])
    if (count(split, 'id') === 0) throw invalid(`has no in-distribution scan in the split ${split}.`);
  return cases;
}
