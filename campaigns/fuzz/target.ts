import type { Random } from '../random.js';

/** One thing that is fed. */
export interface Target {
  readonly name: string;
  /** Its share of all cases. */
  readonly share: number;
  /** Longest that a case may take, ms, on two busy cores. */
  readonly limit: number;
  /**
   * Makes a case and runs it: settles where the answer was right, throws a SegcanaryError where it was refused. Anything else that is thrown is a finding, `Wrong` among it.
   */
  run(random: Random): Promise<void>;
}

/** The answer was given, and it is not the right one. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
}

export function same(found: unknown, expected: unknown, what: string): void {
  if (!Object.is(found, expected)) throw new Wrong(`${what} is ${String(found)} and should be ${String(expected)}`);
}
