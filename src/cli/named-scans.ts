import { SegcanaryError } from '../errors.js';
import type { CohortCase } from '../evaluate/cohort.js';
import { cohortInputs } from '../jobs/cohort-inputs.js';
import { resolveInputs, type ScanInput } from '../jobs/inputs.js';
import { type Session, warnOf } from './session.js';

/**
 * The scans that `-i` or `--cohort` names; null where neither does.
 *
 * @param split the one that is taken of a cohort
 * @throws SegcanaryError `usage` where both do, and what is wrong with either
 */
export async function namedScans(
  { input, cohort }: { readonly input?: readonly string[]; readonly cohort?: string },
  split: CohortCase['split'],
  session: Pick<Session, 'log' | 'signal'>,
): Promise<ScanInput[] | null> {
  if (input && cohort !== undefined)
    throw new SegcanaryError('usage', 'Scans are named by -i or by --cohort, not by both; leave one out.');
  if (cohort !== undefined) return cohortInputs(cohort, split, session.signal);
  return input ? resolveInputs(input, undefined, { onWarning: warnOf(session) }) : null;
}
