/** What time it is, and how much of it has passed. */
export interface Clock {
  /** Milliseconds since 1970: what people set, and what may be set wrong. */
  now(): number;
  /** Milliseconds since whenever: never set. */
  elapsed(): number;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };

const HOUR = 3600 * 1000;

/** Notices that a clock was set while the process ran. */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #start: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock.now() - clock.elapsed();
  }

  /**
   * Milliseconds by which the clock was set ahead, or back where negative, since the start; 0 below
   * an hour, which is what a clock that keeps itself right does.
   */
  get jump(): number {
    const jump = this.#clock.now() - this.#clock.elapsed() - this.#start;
    return Math.abs(jump) > HOUR ? jump : 0;
  }
}
