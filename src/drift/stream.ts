import { SegcanaryError } from '../errors.js';
import { ConformalPValues } from './conformal.js';
import { drawsOf } from './draws.js';
import { TestMartingale } from './martingale.js';

/** A scan of the stream. */
export interface StreamScore {
  readonly id: string;
  /** When it was finished: ISO 8601, UTC. */
  readonly at: string;
  /** Higher is more suspicious. */
  readonly score: number;
}

/** What a scan did to the test. */
export interface DriftPoint extends StreamScore {
  /** Its conformal p-value: small where the score is higher than most before it. */
  readonly p: number;
  /** The decimal logarithm of the test martingale with it. */
  readonly log10: number;
}

export interface DriftState {
  /** Scans of the stream. */
  readonly n: number;
  /** The probability of a false alarm, ever, at most. */
  readonly level: number;
  /** The test martingale, 1 at first; the largest number there is where it is larger. */
  readonly martingale: number;
  readonly log10: number;
  /**
   * Whether the martingale has ever reached 1 / level. It stays: later scans cannot undo what was
   * shown.
   */
  readonly alarm: boolean;
  /** The scan with which it did; null without an alarm. */
  readonly alarmAt: string | null;
  /** The last scans, oldest first. */
  readonly points: readonly DriftPoint[];
}

export interface DriftStreamOptions {
  /**
   * Scores of the calibration scans, in any order. Without any the stream is tested against its own
   * beginning.
   */
  readonly calibration: Iterable<number>;
  /**
   * What the draws that break ties come from: the same name gives the same ones. A detector's hash
   * and a site.
   */
  readonly name: string;
  /** @default .01 */
  readonly level?: number | undefined;
  /** How many of the last points are kept. @default 1000 */
  readonly keep?: number | undefined;
}

/**
 * Watches the scores of a detector for drift towards higher ones: a test martingale on conformal
 * p-values (Vovk 2021), of which at most `level` of all streams that are exchangeable with the
 * calibration scans ever raise an alarm, however long they are looked at. The same scores in the
 * same order give the same numbers, so that a stream is brought back after a restart by adding its
 * scores again.
 */
export class DriftStream {
  readonly level: number;
  readonly #pValues: ConformalPValues;
  readonly #draw: () => number;
  readonly #martingale = new TestMartingale();
  readonly #keep: number;
  /** The last points; up to as many older ones are dropped together. */
  #points: DriftPoint[] = [];
  #n = 0;
  #alarmAt: string | null = null;

  /**
   * @throws SegcanaryError `usage` for a level outside (0, 1) or a calibration score that is not
   *   finite
   */
  constructor({ calibration, name, level = 0.01, keep = 1000 }: DriftStreamOptions) {
    if (!(level > 0 && level < 1)) {
      throw new SegcanaryError(
        'usage',
        `The level of a drift test lies between 0 and 1, not at ${level}; .01 is usual.`,
      );
    }
    this.level = level;
    this.#pValues = new ConformalPValues(calibration);
    this.#draw = drawsOf(name);
    this.#keep = keep;
  }

  /** @throws SegcanaryError `usage` for a score that is not finite */
  add({ id, at, score }: StreamScore): DriftPoint {
    const p = this.#pValues.next(score, this.#draw);
    this.#martingale.step(p);
    this.#n++;
    const { log } = this.#martingale;
    if (this.#alarmAt === null && log >= -Math.log(this.level)) this.#alarmAt = id;
    const point = { id, at, score, p, log10: log * Math.LOG10E };
    this.#points.push(point);
    if (this.#points.length >= 2 * this.#keep) this.#points = this.#lastPoints();
    return point;
  }

  get state(): DriftState {
    const log10 = this.#martingale.log * Math.LOG10E;
    return {
      n: this.#n,
      level: this.level,
      martingale: Math.min(10 ** log10, Number.MAX_VALUE),
      log10,
      alarm: this.#alarmAt !== null,
      alarmAt: this.#alarmAt,
      points: this.#lastPoints(),
    };
  }

  #lastPoints(): DriftPoint[] {
    return this.#points.slice(Math.max(0, this.#points.length - this.#keep));
  }
}
