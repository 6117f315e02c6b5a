import { floorTimes } from '../../maths/fraction.js';
import { expectedDice, type Learned, learn, meanOf, type QualityCase, type QualityPass } from './learn.js';
import { link, type ScanSignals, unlink } from './signals.js';

/**
 * What was learned without some units (scans, or families of shifts), and by how much it
 * overestimates them, on the line of `link`: [unit][mean of the labels, then each label].
 */
export interface BoundPart {
  readonly model: Learned;
  readonly over: readonly (readonly number[])[];
}

/**
 * `split`: one part, learned from some of the scans, and the others as its units.
 * `jackknife+`: a part a unit, learned without it.
 */
export type BoundKind = 'split' | 'jackknife+';

export interface Bound {
  readonly kind: BoundKind;
  /**
   * How often the bound may fail: as it stands by `split`, at worst twice as often by `jackknife+`.
   */
  readonly alpha: number;
  readonly parts: readonly BoundPart[];
}

/** Scans from which on some are set aside for the bound alone. */
const ENOUGH_TO_SPLIT = 38;
/** The fewest that are set aside. */
const ASIDE = 19;

/**
 * How many of the smallest values are passed over: floor(alpha (n + 1)). Of 0 there is no bound.
 * Alpha counts as it is written in decimals, so that .29 of 100 are 29, and not 28.
 */
export const rankOf = (alpha: number, n: number): number => floorTimes(alpha, n + 1);

/** Units of a bound. */
export const unitsOf = ({ parts }: Bound): number => parts.reduce((sum, { over }) => sum + over.length, 0);

/**
 * What is guaranteed without a shift: a fresh scan that is exchangeable with the units has at least
 * the Dice of the bound with this probability. 1 - alpha by split conformal prediction
 * (Papadopoulos et al. 2002), 1 - 2 alpha by the jackknife+ (Barber et al. 2021, theorem 1; the
 * proof holds for signed residuals), whose coverage is mostly near 1 - alpha.
 */
export const levelOf = ({ kind, alpha }: Pick<Bound, 'kind' | 'alpha'>): number =>
  kind === 'split' ? 1 - alpha : 1 - 2 * alpha;

/** How many scans of n are set aside; null where they would be more than half. */
export function asideOf(n: number, alpha: number): number | null {
  const aside = Math.max(ASIDE, Math.ceil(1 / alpha) - 1, Math.floor(n / 3));
  return 2 * aside <= n ? aside : null;
}

/** The kind of bound that n scans allow; null where they are too few for any. */
export function boundKindOf(n: number, alpha: number): BoundKind | null {
  if (n >= ENOUGH_TO_SPLIT && asideOf(n, alpha) !== null) return 'split';
  return rankOf(alpha, n) >= 1 ? 'jackknife+' : null;
}

/**
 * Draws a bound for scans as they are.
 *
 * @param cases in an order of chance
 * @param kind one that so many cases allow
 */
export function drawBound(cases: readonly QualityCase[], kind: BoundKind, alpha: number): Bound {
  if (kind === 'jackknife+') {
    const parts = cases.map((c) => partOf(learn(cases.filter((other) => other !== c)), [c.passes[0]]));
    return { kind, alpha, parts };
  }
  const aside = asideOf(cases.length, alpha) ?? Math.floor(cases.length / 2);
  const [units, rest] = [cases.slice(0, aside), cases.slice(aside)];
  return {
    kind,
    alpha,
    parts: [
      partOf(
        learn(rest),
        units.map(({ passes }) => passes[0]),
      ),
    ],
  };
}

/** What a model overestimates of some passes that it has not seen. */
export const partOf = (model: Learned, passes: readonly QualityPass[]): BoundPart => ({
  model,
  over: passes.map(({ signals, dice }) => {
    const truth = placesOf(dice);
    return placesOf(expectedDice(model, signals)).map((place, i) => place - truth[i]);
  }),
});

/** On the line: the mean of the labels, then each label. */
const placesOf = (dice: readonly number[]): number[] => [meanOf(dice), ...dice].map(link);

/**
 * The Dice that a scan has at least: of the mean of the labels, then of each. With r = floor(alpha
 * (n + 1)) it is the r-th smallest over the n units of what the unit's model expects of the scan,
 * less what the model overestimated of the unit.
 *
 * @returns null where the units are too few for alpha
 */
export function lowerBound(bound: Bound, signals: ScanSignals): number[] | null {
  const rank = rankOf(bound.alpha, unitsOf(bound));
  if (rank < 1) return null;
  const corrected = bound.parts.flatMap(({ model, over }) => {
    const places = placesOf(expectedDice(model, signals));
    return over.map((unit) => places.map((place, i) => place - unit[i]));
  });
  return corrected[0].map((_, i) => unlink(corrected.map((places) => places[i]).sort((a, b) => a - b)[rank - 1]));
}
