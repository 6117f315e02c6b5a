import type { JudgedMethod } from './evaluation.js';
import type { ScoredCase } from './judge.js';

/**
 * The scans that say most about a detector at its conformal boundary; null where there is none of a
 * kind.
 */
export interface NotableCases {
  /** The silent failure (admitted, Dice below tau) with the lowest Dice. */
  readonly silentFailure: ScoredCase | null;
  /** The false alarm with the highest score. */
  readonly falseAlarm: ScoredCase | null;
  /**
   * The flagged scan with the lowest Dice, where that is below tau; among equals, the one with the
   * highest score.
   */
  readonly bestCatch: ScoredCase | null;
}

export function notableCases(
  { cases, conformal: { boundary, silentFailures, falseAlarms } }: JudgedMethod,
  tau: number,
): NotableCases {
  const test = cases.filter((c) => c.split === 'test');
  const named = (names: readonly string[]) => test.filter((c) => names.includes(c.case));
  const first = (found: readonly ScoredCase[], order: (a: ScoredCase, b: ScoredCase) => number) =>
    found.toSorted(order)[0] ?? null;
  const byDice = (a: ScoredCase, b: ScoredCase) => a.dice! - b.dice! || b.score - a.score;
  const caught = test.filter((c) => c.score > boundary && c.dice !== null && c.dice < tau);
  return {
    silentFailure: first(named(silentFailures), byDice),
    falseAlarm: first(named(falseAlarms), (a, b) => b.score - a.score),
    bestCatch: first(caught, byDice),
  };
}
