/**
 * How far a slice may lie from where an even spacing has it: what dcm2niix allows a gap to differ
 * (kSliceTolerance, 0.2 mm; dicom2nifti has 0.1 mm and a twentieth), and of thin slices a fifth of
 * their spacing. Positions that were rounded to a tenth of a millimetre lie within it.
 */
const LARGEST = 0.2;
const SHARE = 0.2;

const tolerance = (spacing: number): number => Math.min(SHARE * spacing, LARGEST);

/** Positions along the normal that are not evenly spaced: why, with the numbers. */
export type Unevenness =
  | {
      readonly kind: 'missing';
      /** Counted from 0, of the slices that are there: the gap is behind it. */
      readonly after: number;
      /** Slices that are missing in that gap, in all gaps, and slices there ought to be. */
      readonly missing: number;
      readonly inAll: number;
      readonly of: number;
      /** Number of the first one that is missing, counted from 1. */
      readonly first: number;
      /** mm of that gap, and of the others. */
      readonly gap: number;
      readonly spacing: number;
    }
  | {
      readonly kind: 'uneven';
      /** The gap behind this slice is the first that differs from the one before it. */
      readonly after: number;
      readonly gap: number;
      readonly before: number;
      readonly smallest: number;
      readonly largest: number;
    };

/** Places with a gap, for each that has none, beyond which slices are not missing but uneven. */
const MOST_GAPS = 0.2;

/**
 * Whether slices lie evenly.
 *
 * @param along positions along the normal in mm, ascending, no two of them the same
 * @returns their spacing, or what is wrong
 */
export function spacingOf(along: readonly number[]): { readonly spacing: number } | Unevenness {
  const steps = along.length - 1;
  const spacing = (along[steps] - along[0]) / steps;
  if (along.every((at, i) => Math.abs(at - along[0] - i * spacing) <= tolerance(spacing))) return { spacing };
  const gaps = Array.from({ length: steps }, (_, i) => along[i + 1] - along[i]);
  return missingIn(gaps) ?? unevenIn(gaps);
}

/** Where a few gaps are whole multiples of all others, slices are missing. */
function missingIn(gaps: readonly number[]): Unevenness | null {
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
  const multiples = gaps.map((gap) => Math.round(gap / usual));
  const whole = gaps.every(
    (gap, i) => multiples[i] >= 1 && Math.abs(gap - multiples[i] * usual) <= 2 * tolerance(usual),
  );
  const wide = multiples.filter((times) => times > 1).length;
  const inAll = multiples.reduce((sum, times) => sum + times - 1, 0);
  // Where more is missing than there is, it was never there.
  if (inAll > gaps.length) return null;
  if (!whole || wide === 0 || wide > Math.max(1, MOST_GAPS * gaps.length)) return null;
  const after = multiples.findIndex((times) => times > 1);
  return {
    kind: 'missing',
    after,
    missing: multiples[after] - 1,
    inAll,
    of: gaps.length + 1 + inAll,
    first: after + 2,
    gap: gaps[after],
    spacing: usual,
  };
}

function unevenIn(gaps: readonly number[]): Unevenness {
  const smallest = Math.min(...gaps);
  const largest = Math.max(...gaps);
  const jumps = gaps.map((gap, i) => (i === 0 ? 0 : Math.abs(gap - gaps[i - 1])));
  const limit = Math.max(tolerance(smallest), 0.5 * Math.max(...jumps));
  const after = Math.max(
    1,
    jumps.findIndex((jump) => jump >= limit),
  );
  return {
    kind: 'uneven',
    after,
    gap: gaps[Math.min(after, gaps.length - 1)],
    before: gaps[after - 1],
    smallest,
    largest,
  };
}
