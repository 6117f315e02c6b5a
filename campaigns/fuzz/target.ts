import type { Dice } from '../dice.js';

/** Something that reads what comes from outside, and the mutations that are made for it. */
export interface Target {
  readonly name: string;
  /** Share of the cases, relative to the other targets. */
  readonly weight: number;
  /** Milliseconds that a case may take. */
  readonly limit: number;
  /** The name that every message has to hold. */
  readonly file: string;
  /** Cases that run at the same time: of child processes alone. @default 1 */
  readonly parallel?: number;
  /** What the cases share. @returns how to take it down again */
  open?(folder: string): Promise<void>;
  /**
   * One case. Resolves for a right answer.
   *
   * @throws SegcanaryError a refusal; Finding a wrong answer; anything else is a finding too
   */
  run(dice: Dice): Promise<void> | void;
}
