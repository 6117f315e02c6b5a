import { fieldAt } from './fields.js';

/**
 * Why nobody can know that a field of a header was changed: the file holds nothing that says
 * otherwise, and the value is one that a scanner or a converter writes.
 */
const REASONS: readonly (readonly [field: RegExp, why: string])[] = [
  [/^scl_slope$/, 'a slope that a scan may have'],
  [/^scl_inter$/, 'an intercept that a scan may have'],
  [/^pixdim\[[123]\]$/, 'a voxel size less than a thousandth from that of the sform'],
];

/** The reason for the first of the changed bytes that has one; null where there is none. */
export function unknowable(changed: readonly number[]): string | null {
  for (const byte of changed) {
    const found = REASONS.find(([field]) => field.test(fieldAt(byte)));
    if (found) return found[1];
  }
  return null;
}
