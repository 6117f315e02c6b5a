import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const candidate = process.env.SEGCANARY_DATA ?? resolve(import.meta.dirname, '../../../shared/data');

/**
 * The folder of real scans, or null where there is none: then the tests over real scans do not run,
 * and say so.
 */
export const dataDir: string | null = existsSync(candidate) ? candidate : null;

if (dataDir === null) console.warn(`No real scans at ${candidate} (SEGCANARY_DATA): the tests over them are skipped.`);

/** A file in that folder. Only for tests that run where `dataDir` is not null. */
export function dataFile(relative: string): string {
  return join(dataDir ?? candidate, relative);
}
