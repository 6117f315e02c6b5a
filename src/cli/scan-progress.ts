import type { Progress } from '../pipeline.js';
import type { Session } from './session.js';

/** Says how far a job over many scans is: `3/20 case_003: patch 7 of 90`. */
export class ScanProgress {
  readonly #line: Session['progress'];
  readonly #scans: number;
  #done = 0;

  constructor({ progress }: Pick<Session, 'progress'>, scans: number) {
    this.#line = progress;
    this.#scans = scans;
  }

  /** Which scan is in work. */
  get at(): string {
    return `${Math.min(this.#done + 1, this.#scans)}/${this.#scans}`;
  }

  /** For the option of that name. */
  readonly onProgress = ({ case: name, patches, total }: Progress): void =>
    this.#line.update(`${this.at} ${name}: patch ${patches} of ${total}`);

  /** A scan is done, or has failed. */
  next(name: string): void {
    this.#done++;
    this.#line.update(`${this.#done}/${this.#scans} ${name}`);
  }
}
