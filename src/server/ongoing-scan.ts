import { EventEmitter } from 'node:events';
import type { ScanProgress } from '../protocol/record.js';

/** A scan that is under way: how far it has come, who watches it, and the means to stop it. */
export class OngoingScan {
  readonly #controller = new AbortController();
  readonly #events = new EventEmitter<{ progress: [ScanProgress]; end: [] }>();
  #progress: ScanProgress | null = null;

  constructor() {
    // Any number of clients may watch one scan.
    this.#events.setMaxListeners(0);
  }

  get progress(): ScanProgress | null {
    return this.#progress;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the scan up: its client has gone, or asks for it. */
  cancel(): void {
    this.#controller.abort();
  }

  advance(progress: ScanProgress): void {
    this.#progress = progress;
    this.#events.emit('progress', progress);
  }

  end(): void {
    this.#events.emit('end');
  }

  /** Calls back with every step from now on, the last one at once; gives what ends the watching. */
  watch(onProgress: (progress: ScanProgress) => void, onEnd: () => void): () => void {
    if (this.#progress) onProgress(this.#progress);
    this.#events.on('progress', onProgress);
    this.#events.on('end', onEnd);
    return () => {
      this.#events.off('progress', onProgress);
      this.#events.off('end', onEnd);
    };
  }
}
