import { Worker } from 'node:worker_threads';

/**
 * Ends the process when a case blocks its thread for good, which nothing on that thread could
 * notice.
 *
 * A worker of its own watches a shared clock; it names the case on stderr and kills the process,
 * because no gentler way reaches a blocked thread.
 */
export class Watchdog {
  readonly #shared = new Int32Array(new SharedArrayBuffer(12));
  readonly #names: readonly string[];
  readonly #worker: Worker;

  constructor(names: readonly string[], seed: string) {
    this.#names = names;
    this.#worker = new Worker(script, { eval: true, workerData: { shared: this.#shared, names, seed }, execArgv: [] });
    this.#worker.unref();
  }

  /** A case begins that has to be done in `limit` milliseconds. */
  begin(target: string, number: number, limit: number): void {
    this.#shared[1] = this.#names.indexOf(target);
    this.#shared[2] = number;
    Atomics.store(this.#shared, 0, limit);
  }

  end(): void {
    Atomics.store(this.#shared, 0, 0);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

const script = `
const { writeSync } = require('node:fs');
const { workerData: { shared, names, seed } } = require('node:worker_threads');
let watched = '';
let since = 0;
setInterval(() => {
  const limit = Atomics.load(shared, 0);
  const now = shared[1] + '/' + shared[2];
  if (limit === 0 || now !== watched) { watched = now; since = Date.now(); return; }
  if (Date.now() - since < limit) return;
  writeSync(2, 'FINDING ' + names[shared[1]] + ': did not end in ' + limit + ' ms\\n  npm run fuzz -- --seed ' + seed + ' --only ' + names[shared[1]] + ' --case ' + shared[2] + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 100);
`;
