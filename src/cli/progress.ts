import { withoutControls } from '../errors.js';

/** Milliseconds between the lines that say that a long command is alive. */
const EVERY = 30_000;

export interface ProgressOptions {
  /** Says nothing at all. */
  readonly quiet: boolean;
  /** Whether stderr is a terminal, where a line can be taken back. */
  readonly terminal: boolean;
  /** Writes a line that stays, where it is none. */
  readonly say: (text: string) => void;
  /** @default 30 s */
  readonly every?: number;
}

/**
 * Says how far a long job is. On a terminal by one line that is written over, from the first second
 * on; elsewhere by a line that stays, every half minute, whether there is news or not: whoever
 * reads a log wants to know that the command is alive.
 */
export class ProgressLine {
  readonly #terminal: boolean;
  readonly #quiet: boolean;
  readonly #since = Date.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #text: string | null = null;
  #shown = false;
  #last = 0;

  constructor({ quiet, terminal, say, every = EVERY }: ProgressOptions) {
    this.#quiet = quiet;
    this.#terminal = terminal;
    if (quiet || terminal) return;
    this.#timer = setInterval(() => {
      if (this.#text !== null) say(this.#text);
    }, every);
    this.#timer.unref();
  }

  update(words: string): void {
    const text = withoutControls(words);
    this.#text = text;
    const now = Date.now();
    if (this.#quiet || !this.#terminal || now - this.#since < 1000 || now - this.#last < 100) return;
    this.#last = now;
    this.#shown = true;
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  /** Takes the line off the terminal; the next update shows it again. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }

  /** Nothing is said after this. */
  end(): void {
    this.clear();
    clearInterval(this.#timer);
  }
}
