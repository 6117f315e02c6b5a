import { SegcanaryError } from '../errors.js';

/** A scan's place: it is held until it is released, whatever becomes of the scan. */
export interface Place {
  /**
   * Comes back when it is this scan's turn.
   *
   * @throws SegcanaryError `aborted` when the signal says so before that
   */
  turn(signal?: AbortSignal): Promise<void>;
  /** Gives the place free for another; one that waits is given up. May be called twice. */
  release(): void;
}

/** Who has room for scans, and says when each may run. */
export interface Places {
  /** Scans that have a place and do not run. */
  readonly waiting: number;
  readonly running: number;
  /** A place, or null where there is none. */
  reserve(): Place | null;
}

interface Waiting {
  readonly go: () => void;
}

/**
 * Scans that run, a few at a time, and those that wait for them, in order of coming, no more than
 * there is room for.
 */
export class ScanQueue implements Places {
  readonly #atATime: number;
  readonly #room: number;
  readonly #waiting: Waiting[] = [];
  #places = 0;
  #running = 0;

  /**
   * @param atATime scans that run side by side
   * @param room scans that may wait
   */
  constructor(atATime: number, room: number) {
    this.#atATime = atATime;
    this.#room = room;
  }

  /**
   * Scans that have a place and do not run: they wait for their turn, or are still being uploaded.
   */
  get waiting(): number {
    return this.#places - this.#running;
  }

  get running(): number {
    return this.#running;
  }

  reserve(): Place | null {
    if (this.#places >= this.#atATime + this.#room) return null;
    this.#places++;
    const giveUp = new AbortController();
    let state: 'reserved' | 'running' | 'released' = 'reserved';
    return {
      turn: async (signal) => {
        const go = () => {
          state = 'running';
        };
        if (this.#running >= this.#atATime)
          return this.#wait(signal ? AbortSignal.any([signal, giveUp.signal]) : giveUp.signal, go);
        this.#running++;
        go();
      },
      release: () => {
        if (state === 'released') return;
        if (state === 'running') this.#next();
        state = 'released';
        this.#places--;
        giveUp.abort();
      },
    };
  }

  /**
   * Waits until one that ran hands on its turn; `onTurn` is called at that moment, before anything
   * else can happen.
   */
  #wait(signal: AbortSignal, onTurn: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new SegcanaryError('aborted', 'The scan was given up before its turn came; send it again.'));
      };
      const waiting: Waiting = {
        go: () => {
          signal.removeEventListener('abort', abort);
          onTurn();
          resolve();
        },
      };
      this.#waiting.push(waiting);
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** A turn is handed on: the number of those that run stays what it was. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next) next.go();
    else this.#running--;
  }
}
