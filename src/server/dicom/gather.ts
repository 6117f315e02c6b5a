import { timerMs } from '../../limits.js';
import type { Clock } from '../clock.js';

export interface Quiet {
  /** What is complete at once: a series by itself, or all series of a study. */
  readonly by: 'series' | 'study';
  /** Seconds without a new file after which a series, or a study, is complete. */
  readonly series: number;
  readonly study: number;
  /** Seconds since its first file after which it is complete in any case. */
  readonly most: number;
}

/** mercure's times. */
export const DEFAULT_QUIET: Quiet = { by: 'series', series: 60, study: 900, most: 5400 };

/** A folder of a series that is coming in, with times in milliseconds since 1970. */
export interface GatheringFolder {
  /** `STUDY.SERIES`. */
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Whether its sender was cut off, and has not come again. */
  readonly isCut: boolean;
}

interface Unit {
  readonly folders: Set<string>;
  /** Those whose sender was cut off. */
  readonly cut: Set<string>;
  first: number;
  last: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Knows when what is coming in is complete: nobody tells, so it is when nothing has come for a
 * while.
 */
export class Gatherer {
  readonly #quiet: Quiet;
  readonly #clock: Clock;
  readonly #onComplete: (folders: readonly string[]) => void;
  readonly #units = new Map<string, Unit>();
  #isStopped = false;

  constructor(quiet: Quiet, clock: Clock, onComplete: (folders: readonly string[]) => void) {
    this.#quiet = quiet;
    this.#clock = clock;
    this.#onComplete = onComplete;
  }

  /** Series that are coming in. */
  get size(): number {
    let size = 0;
    for (const { folders } of this.#units.values()) size += folders.size;
    return size;
  }

  /** A file has come. */
  add(folder: string): void {
    const now = this.#clock.elapsed();
    this.#touch(folder, now, now);
  }

  /**
   * Its sender was cut off: that nothing comes says nothing, until something has come again.
   */
  cut(folder: string): void {
    this.#units.get(this.#unitOf(folder))?.cut.add(folder);
  }

  /** Takes up what a process before left: its times go on. */
  restore({ name, first, last, isCut }: GatheringFolder): void {
    const [wall, now] = [this.#clock.now(), this.#clock.elapsed()];
    // A time that lies ahead is of a clock that was wrong: it is now.
    const past = (time: number) => now - Math.max(0, wall - time);
    this.#touch(name, past(first), past(last));
    if (isCut) this.cut(name);
  }

  /** Calls nobody any more; what is coming in stays where it is. */
  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#units.values()) if (timer) clearTimeout(timer);
    this.#units.clear();
  }

  #touch(folder: string, first: number, last: number): void {
    if (this.#isStopped) return;
    const name = this.#unitOf(folder);
    const unit = this.#units.get(name) ?? { folders: new Set(), cut: new Set(), first, last, timer: null };
    unit.folders.add(folder);
    // A timer that waits for the longest time would go on to do so.
    if (unit.cut.delete(folder) && unit.timer) {
      clearTimeout(unit.timer);
      unit.timer = null;
    }
    unit.first = Math.min(unit.first, first);
    unit.last = Math.max(unit.last, last);
    this.#units.set(name, unit);
    // A timer that runs looks again when it fires: no file of a thousand sets one anew.
    if (unit.timer === null) this.#wait(name, unit);
  }

  #unitOf(folder: string): string {
    return this.#quiet.by === 'series' ? folder : folder.split('.')[0];
  }

  #wait(name: string, unit: Unit): void {
    const left = this.#dueOf(unit) - this.#clock.elapsed();
    const look = () => {
      unit.timer = null;
      if (this.#dueOf(unit) > this.#clock.elapsed()) return this.#wait(name, unit);
      this.#units.delete(name);
      this.#onComplete([...unit.folders]);
    };
    unit.timer = setTimeout(look, Math.max(0, timerMs(left / 1000)));
  }

  #dueOf({ first, last, cut }: Unit): number {
    const { by, series, study, most } = this.#quiet;
    if (cut.size > 0) return first + 1000 * most;
    return Math.min(last + 1000 * (by === 'series' ? series : study), first + 1000 * most);
  }
}
