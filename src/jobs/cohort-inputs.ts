import { type CohortCase, readCohort } from '../evaluate/cohort.js';
import { readWhole } from '../files/open.js';
import type { ScanInput } from './inputs.js';

/** A scan of a cohort as a job takes it. */
export function cohortInput({ case: name, images }: CohortCase): ScanInput {
  const [file, ...moreChannels] = images as [string, ...string[]];
  return { case: name, file, ...(moreChannels.length > 0 && { moreChannels }) };
}

/**
 * Reads a cohort from its CSV file.
 *
 * @throws SegcanaryError `io`, `cohort-invalid`
 */
export async function openCohort(path: string, signal?: AbortSignal): Promise<CohortCase[]> {
  return readCohort((await readWhole(path, { signal })).toString('utf8'), path);
}

/**
 * The scans of one split of a cohort: `train` is what an evaluation fits detectors to, `val` what
 * it calibrates them with.
 *
 * @throws SegcanaryError `io`, `cohort-invalid`
 */
export const cohortInputs = async (
  path: string,
  split: CohortCase['split'],
  signal?: AbortSignal,
): Promise<ScanInput[]> => (await openCohort(path, signal)).filter((c) => c.split === split).map(cohortInput);
