import type { ScoredCase } from './judge.js';

/** What a shift did to the segmentations. */
export interface ShiftHarm {
  /** Which of the cohort's groups its scans are of. */
  readonly group: 'ood' | 'shifted-id';
  readonly shift: string;
  readonly dataset: string;
  /** Test scans of this group, shift and data set. */
  readonly n: number;
  /** Mean Dice of those with a truth; null without any. */
  readonly dice: number | null;
  /**
   * Mean Dice of the in-distribution test scans less this; null where one of the two is not known.
   */
  readonly drop: number | null;
  /**
   * Whether the drop is larger than the margin: a shift that takes little from the segmentation
   * need not be caught.
   */
  readonly harmful: boolean;
}

/**
 * What every shift of a cohort, data set by data set, takes from the Dice.
 *
 * @param margin a larger drop of the mean Dice is harm
 */
export function harmOfShifts(cases: readonly ScoredCase[], margin: number): ShiftHarm[] {
  const test = cases.filter((c) => c.split === 'test');
  const reference = meanDice(test.filter((c) => c.group === 'id'));
  const shifted = test.filter((c): c is ScoredCase & Pick<ShiftHarm, 'group'> => c.group !== 'id');
  return [...new Set(shifted.map(kindOf))].map((kind) => {
    const members = shifted.filter((c) => kindOf(c) === kind);
    const { group, shift, dataset } = members[0];
    const dice = meanDice(members);
    const drop = dice === null || reference === null ? null : reference - dice;
    return { group, shift, dataset, n: members.length, dice, drop, harmful: drop !== null && drop > margin };
  });
}

/** The scans of a cohort without the out-of-distribution ones of shifts that do no harm. */
export function harmedCases<T extends ScoredCase>(cases: readonly T[], harm: readonly ShiftHarm[]): T[] {
  const harmful = new Set(harm.filter((h) => h.harmful).map(kindOf));
  return cases.filter((c) => c.group !== 'ood' || harmful.has(kindOf(c)));
}

const kindOf = ({ group, shift, dataset }: Pick<ScoredCase, 'group' | 'shift' | 'dataset'>): string =>
  JSON.stringify([group, shift, dataset]);

function meanDice(cases: readonly ScoredCase[]): number | null {
  const dice = cases.flatMap((c) => c.dice ?? []);
  return dice.length > 0 ? dice.reduce((sum, d) => sum + d, 0) / dice.length : null;
}
