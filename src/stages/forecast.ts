import type { PatchPlace } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { patchCount } from '../maths/window/tiling.js';

/** Patches before anything is predicted: the first ones warm the network up. */
const FIRST = 8;
/** Patches that are timed together: two that were at the worker may be told of at once. */
const TOGETHER = 4;
/** How often the time that is left has to be needed. */
const MARGIN = 2;

/**
 * Predicts how long a scan will take from how long its first patches took, so that one that cannot
 * be done in time is told after seconds and not after hours. It goes by the fastest four patches so
 * far and refuses only what would take twice the time that is left: a machine that is busy for a
 * while, a slow reader and a network that warms up refuse nothing.
 */
export class Forecast {
  readonly #seconds: number;
  readonly #now: () => number;
  readonly #start: number;
  /** When the last patches were done. */
  readonly #times: number[] = [];
  #fastest = Number.POSITIVE_INFINITY;
  #patches = 0;

  /**
   * Begins with the scan.
   *
   * @param seconds that it may take in all
   * @param now a clock in ms
   */
  constructor(seconds: number, now: () => number = () => performance.now()) {
    this.#seconds = seconds;
    this.#now = now;
    this.#start = now();
  }

  /**
   * A patch is done.
   *
   * @throws SegcanaryError `timed-out` where the others cannot be done in time
   */
  done({ grid, tiling }: Pick<PatchPlace, 'grid' | 'tiling'>): void {
    const now = this.#now();
    this.#times.push(now);
    if (this.#times.length > TOGETHER)
      this.#fastest = Math.min(this.#fastest, (now - (this.#times.shift() ?? now)) / TOGETHER / 1000);
    if (++this.#patches < FIRST) return;
    const total = patchCount(tiling);
    const needed = (total - this.#patches) * this.#fastest;
    const left = this.#seconds - (now - this.#start) / 1000;
    if (needed <= MARGIN * left) return;
    throw new SegcanaryError(
      'timed-out',
      `has ${total} patches of ${figures(this.#fastest)} s at the fastest, so that ${figures(needed)} s are still needed and ${figures(Math.max(left, 0))} s are left; \`limits.seconds\` gives a scan longer.`,
      { option: 'limits.seconds', subject: grid.scan.case },
    );
  }
}

const figures = (value: number): number => Number(value.toPrecision(2));
