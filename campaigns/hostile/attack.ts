import type { Dice } from '../dice.js';
import type { Lab } from '../lab.js';

/**
 * What came of a hostile thing. `harmless`: the answer is the one that it would have been without;
 * `unknowable`: nobody can know from the file that it is wrong, and `why` says so.
 */
export type Outcome = 'refused' | 'warned' | 'harmless' | 'unknowable' | 'finding';

/** One hostile thing that was tried. */
export interface Trial {
  /** What was tried, so that it can be found again: "dim[3] bit 2". */
  readonly what: string;
  readonly outcome: Outcome;
  /** The code of a refusal or a warning, the reason of what is unknowable, what a finding was. */
  readonly why: string;
}

/** What attacks work with. */
export interface Ring {
  /** Scans and a detector of the built command line. */
  readonly lab: Lab;
  /** A folder of this attack's own. */
  readonly folder: string;
  readonly dice: Dice;
  /** The share of the whole campaign’s cases that is to be tried, above 0 and up to 1. */
  readonly share: number;
}

/** A class of hostile things, and what has to become of each. */
export interface Attack {
  readonly name: string;
  /** The trials, one after another. What it throws is a finding. */
  run(ring: Ring): AsyncIterable<Trial>;
}
