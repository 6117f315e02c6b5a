import { SegcanaryError } from '../errors.js';
import type { CohortCase } from '../evaluate/cohort.js';
import { cohortInputs } from '../jobs/cohort-inputs.js';
import { resolveInputs, type ScanInput } from '../jobs/inputs.js';
import type { LimitFlags, SeriesFlags } from './options.js';
import { type Session, warnOf } from './session.js';

interface NamedScansFlags extends SeriesFlags, Partial<LimitFlags> {
  readonly input?: readonly string[];
  readonly cohort?: string;
  readonly tmpdir?: string;
}

/**
 * The scans that `-i` or `--cohort` names; null where neither does.
 *
 * @param split the one that is taken of a cohort
 * @throws SegcanaryError `usage` where both do, and what is wrong with either
 */
export async function namedScans(
  { input, cohort, ...how }: NamedScansFlags,
  split: CohortCase['split'],
  session: Pick<Session, 'log' | 'signal'>,
): Promise<ScanInput[] | null> {
  if (input && cohort !== undefined)
    throw new SegcanaryError('usage', 'Scans are named by -i or by --cohort, not by both; leave one out.');
  const { signal } = session;
  if (cohort === undefined)
    return input ? resolveInputs(input, undefined, { ...how, signal, onWarning: warnOf(session) }) : null;
  if (how.series || how.eachSeries)
    throw new SegcanaryError(
      'usage',
      'The scans of a cohort are named by its rows; name the folder of the series there, and leave --series and --each-series out.',
    );
  return cohortInputs(cohort, split, signal, how);
}
