import { SegcanaryError } from '../errors.js';
import type { Modality, ScanStatistics, Shift } from './shift.js';

/** HU that every CT has below it: fat is at -90, air at -1000. No MR of a scanner goes there. */
const BELOW_WATER = -90;

/** What a scan looks like by its values alone. A CT cut down to soft tissue looks like an MR. */
export const modalityLike = ({ min }: Pick<ScanStatistics, 'min'>): Modality => (min < BELOW_WATER ? 'ct' : 'mr');

/**
 * Refuses a shift of one modality on a scan of the other: its numbers would mean nothing there.
 *
 * @param modality what the scan is; by default what it looks like
 * @throws SegcanaryError `scan-unsuitable`
 */
export function checkModality(
  shift: Pick<Shift, 'name' | 'modality'>,
  { min, max }: Pick<ScanStatistics, 'min' | 'max'>,
  { modality, subject }: { readonly modality?: Modality | undefined; readonly subject: string },
): void {
  const found = modality ?? modalityLike({ min });
  if (shift.modality === undefined || shift.modality === found) return;
  const isOf = `${shift.name} is a shift of ${shift.modality === 'ct' ? 'CTs' : 'MRs'}`;
  if (modality !== undefined) {
    throw new SegcanaryError('scan-unsuitable', `is said to be ${WORD[found]} by \`modality\`, and ${isOf}.`, {
      subject,
      option: 'modality',
    });
  }
  const looks = found === 'ct' ? 'a CT in HU' : `an MR (a CT has some below ${BELOW_WATER} HU)`;
  throw new SegcanaryError(
    'scan-unsuitable',
    `has values from ${min} to ${max} and looks like ${looks}, and ${isOf}; where it is ${WORD[shift.modality]} all the same, say so with \`modality\`.`,
    { subject, option: 'modality' },
  );
}

const WORD = { ct: 'a CT', mr: 'an MR' } as const;
