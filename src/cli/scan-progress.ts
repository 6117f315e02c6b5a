import type { Progress } from '../stages/progress.js';
import type { ProgressLine } from './progress.js';

/** Says how far a job over many scans is: `3/20 case_003: patch 7 of 90`. */
export class ScanProgress {
  readonly #line: Pick<ProgressLine, 'update'>;
  readonly #scans: number;
  #done = 0;
  #since = performance.now();

  constructor({ progress }: { readonly progress: Pick<ProgressLine, 'update'> }, scans: number) {
    this.#line = progress;
    this.#scans = scans;
    // Before its first patch a scan is read, which may take a while.
    this.#line.update(`0/${scans} scans`);
  }

  /** Which scan is in work. */
  get at(): string {
    return `${Math.min(this.#done + 1, this.#scans)}/${this.#scans}`;
  }

  /** For the option of that name. */
  readonly onProgress = ({ case: name, patches, total }: Progress): void =>
    this.#line.update(`${this.at} ${name}: patch ${patches} of ${total}`);

  /**
   * A scan is done, or has failed.
   *
   * @returns the seconds that it took: since the one before it
   */
  next(name: string): number {
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    this.#since = now;
    this.#done++;
    this.#line.update(`${this.#done}/${this.#scans} ${name}: done`);
    return seconds;
  }
}
