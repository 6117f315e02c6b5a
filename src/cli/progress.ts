/**
 * One line on the terminal that says how far a long job is. Silent where stderr is not a terminal,
 * and for the first second.
 */
export class ProgressLine {
  readonly #enabled: boolean;
  readonly #since = Date.now();
  #shown = false;
  #last = 0;

  constructor(quiet: boolean) {
    this.#enabled = !quiet && process.stderr.isTTY === true;
  }

  update(text: string): void {
    const now = Date.now();
    if (!this.#enabled || now - this.#since < 1000 || now - this.#last < 100) return;
    this.#last = now;
    this.#shown = true;
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }
}
