/**
 * Words of the shared memory: the number of native calls that have begun and not ended, and whether
 * the gate is shut.
 */
const [BUSY, STOP] = [0, 1] as const;

/** ms. */
const LONGEST = 60_000;

/**
 * Keeps the inference worker from being ended inside onnxruntime. A thread that is terminated there
 * (by `terminate`, or by `process.exit` on the main thread) takes the whole process down with an
 * uncaught Napi::Error: nearly every second time, when it was measured with short runs. So the main
 * thread shuts the gate first and waits until nothing native is running; what is then still queued
 * is refused.
 *
 * Two words of shared memory, each written by one side: the worker says that it is busy before it
 * looks at the gate, the main thread shuts the gate before it looks at the worker, so that one of
 * them sees the other.
 */
export class WorkerGate {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /**
   * On the main thread without memory, in the worker with that of the main thread. A worker is busy
   * from the start: it loads onnxruntime.
   */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(8);
    this.#words = new Int32Array(this.memory);
    if (!memory) Atomics.store(this.#words, BUSY, 1);
  }

  /** In the worker: onnxruntime is loaded. */
  ready(): void {
    this.#leave();
  }

  /** In the worker: does something native, or throws where the gate is shut. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    Atomics.add(this.#words, BUSY, 1);
    try {
      if (Atomics.load(this.#words, STOP) === 1) throw new Error('the worker is closing');
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** On the main thread: no further native work begins. */
  shut(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /**
   * On the main thread: blocks until nothing native is running, which is the time of a patch at
   * most, and a minute whatever happens: a worker that died while the main thread is here could not
   * tell it. For `process.exit`, which waits for nobody.
   */
  waitUntilIdle(): void {
    const deadline = Date.now() + LONGEST;
    for (let busy = Atomics.load(this.#words, BUSY); busy > 0; busy = Atomics.load(this.#words, BUSY)) {
      const left = deadline - Date.now();
      if (left <= 0 || Atomics.wait(this.#words, BUSY, busy, left) === 'timed-out') return;
    }
  }

  /** On the main thread: the worker is gone. */
  gone(): void {
    Atomics.store(this.#words, BUSY, 0);
  }

  #leave(): void {
    Atomics.sub(this.#words, BUSY, 1);
    Atomics.notify(this.#words, BUSY);
  }
}
