import { isAbort, SegcanaryError } from '../errors.js';
import type { CohortCase } from '../evaluate/cohort.js';
import type { WarningListener } from '../results.js';

/**
 * Refuses a cohort in which one scan stands in two splits or groups: what a detector was fitted to
 * or calibrated with says nothing about fresh scans. One that stands twice in the same is warned
 * of: it counts twice.
 *
 * @param namesOf what two scans have in common that are the same one: any of these
 * @throws SegcanaryError `cohort-invalid`, `aborted`
 */
export async function refuseRepeatedScans(
  cohort: readonly CohortCase[],
  namesOf: (c: CohortCase) => Promise<readonly string[]>,
  { onWarning }: { readonly onWarning?: WarningListener | undefined } = {},
): Promise<void> {
  const seen = new Map<string, CohortCase>();
  for (const c of cohort) {
    // A scan that cannot be read fails by itself, later.
    const names = await namesOf(c).catch((error: unknown) => {
      if (isAbort(error)) throw error;
      return [];
    });
    const other = names.map((name) => seen.get(name)).find((earlier) => earlier !== undefined);
    for (const name of names) if (!seen.has(name)) seen.set(name, c);
    if (!other) continue;
    if (other.split !== c.split || other.group !== c.group)
      throw new SegcanaryError(
        'cohort-invalid',
        `is the same scan as ${other.case}, once as ${placeOf(other)} and once as ${placeOf(c)}; leave one of them out.`,
        { subject: c.case },
      );
    onWarning?.({ code: 'repeated-scan', message: `is the same scan as ${other.case}, and counts twice.` }, c.case);
  }
}

const placeOf = ({ split, group }: CohortCase): string => `${split},${group}`;
