import { SegcanaryError } from '../errors.js';
import { type ScanLimits, stalled, timerMs } from '../limits.js';

/**
 * How long a sender may still be waited for: `stall` seconds are lent at the start, waiting spends
 * them, and every byte buys one part in `throughput` of a second, up to the `stall` seconds. Who
 * gives fewer bytes a second for long has none left, and who gives nothing has none after `stall`
 * seconds. Only waiting is counted, not what this machine does with the bytes.
 */
export class Allowance {
  readonly #limits: Pick<ScanLimits, 'stall' | 'throughput'>;
  #left: number;

  constructor(limits: Pick<ScanLimits, 'stall' | 'throughput'>) {
    this.#limits = limits;
    this.#left = limits.stall;
  }

  /** Seconds. */
  get left(): number {
    return this.#left;
  }

  waited(seconds: number): void {
    this.#left -= seconds;
  }

  came(bytes: number): void {
    const { stall, throughput } = this.#limits;
    this.#left = Math.min(stall, this.#left + bytes / throughput);
  }
}

/** Waits for the bytes of one body, as long as its sender is worth waiting for. */
export class Pace {
  readonly #name: string;
  readonly #limits: ScanLimits;
  readonly #signal: AbortSignal;
  readonly #allowance: Allowance;
  readonly #start = performance.now();
  #waited = 0;
  #bytes = 0;
  #sinceByte = 0;

  /** @param name of the case, for messages */
  constructor(name: string, limits: ScanLimits, signal: AbortSignal) {
    this.#name = name;
    this.#limits = limits;
    this.#signal = signal;
    this.#allowance = new Allowance(limits);
  }

  /** Bytes that came. */
  came(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0) this.#sinceByte = 0;
    this.#allowance.came(bytes);
  }

  /**
   * What a promise of the sender's next bytes gives.
   *
   * @throws SegcanaryError `timed-out` for a sender that has stalled or is too slow, or whose scan
   *   takes too long; `aborted`
   */
  next<T>(promise: Promise<T>): Promise<T> {
    const { seconds } = this.#limits;
    const began = performance.now();
    const rest = seconds - (began - this.#start) / 1000;
    const { left: allowed } = this.#allowance;
    const left = Math.max(0, Math.min(allowed, rest));
    return new Promise<T>((resolve, reject) => {
      const abort = () =>
        reject(new SegcanaryError('aborted', 'was given up before it was here.', { subject: this.#name }));
      const timer = setTimeout(() => {
        this.#spend(began);
        reject(rest < allowed ? this.#tooLong() : this.#tooSlow());
      }, timerMs(left));
      if (this.#signal.aborted) abort();
      this.#signal.addEventListener('abort', abort, { once: true });
      promise.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', abort);
        this.#spend(began);
      });
    });
  }

  #spend(began: number): void {
    const seconds = (performance.now() - began) / 1000;
    this.#waited += seconds;
    this.#sinceByte += seconds;
    this.#allowance.waited(seconds);
  }

  #tooLong(): SegcanaryError {
    const { seconds } = this.#limits;
    return new SegcanaryError(
      'timed-out',
      `was not here after ${seconds} s; send it over a faster line (\`limits.seconds\` waits longer).`,
      { subject: this.#name, option: 'limits.seconds' },
    );
  }

  #tooSlow(): SegcanaryError {
    const { stall, throughput } = this.#limits;
    if (this.#sinceByte >= 0.99 * stall) return stalled(this.#name, stall);
    const rate = (this.#bytes / Math.max(this.#waited, 1e-3)).toPrecision(2);
    return new SegcanaryError(
      'timed-out',
      `came at ${Number(rate)} bytes a second, and ${throughput} are the fewest that are waited for; send it over a faster line (\`limits.throughput\` takes slower ones).`,
      { subject: this.#name, option: 'limits.throughput' },
    );
  }
}
