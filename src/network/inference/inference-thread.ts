import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, SegcanaryError } from '../../errors.js';
import type { Device } from './devices.js';
import { type Tensor, transferable } from './tensor.js';
import type { Answer, Opened, Optimisation, Request, ValueInfo } from './worker.js';
import { WorkerGate } from './worker-gate.js';

/** A model that is ready to run. */
export interface InferenceSession {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs the model. The buffers of feeds are transferred to the worker where a tensor owns its
   * whole ArrayBuffer (it is empty afterwards), copied where not. Runs queue up behind one another:
   * the worker works on one at a time.
   *
   * @throws SegcanaryError `inference-failed`
   */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
}

/** How a session is opened. */
export interface Opening {
  readonly threads: number;
  readonly device: Device;
  /** @default 'all' */
  readonly optimisation?: Optimisation;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly failure: (message: string) => SegcanaryError;
}

/**
 * onnxruntime reports to Microsoft unless it is told not to, and keeps a device number and a queue
 * in the user's cache folder and a file a process among the temporary ones. A tool for patients'
 * scans does none of that. It reads the variable when it is loaded, and only the main thread's
 * environment is the process's; who wants the reports sets ORT_DISABLE_TELEMETRY=0.
 */
function silenceTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}

/** The worker thread, seen from outside. */
export class InferenceThread {
  readonly #gate = new WorkerGate();
  readonly #worker = new Worker(createRequire(import.meta.url).resolve('#inference-worker'), {
    // The process's own flags are not the worker's: `node --input-type=module -e …` would keep it
    // from starting.
    execArgv: [],
    workerData: this.#gate.memory,
  });
  readonly #sessions = new Map<string, Promise<InferenceSession>>();
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended: SegcanaryError | null = null;
  #closed = false;

  static start(): InferenceThread {
    silenceTelemetry();
    return new InferenceThread();
  }

  private constructor() {
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (cause) => this.#end(`the inference worker crashed (${oneLine(cause.message)})`, cause));
    this.#worker.on('exit', (code) => {
      this.#gate.gone();
      process.off('exit', this.#beforeExit);
      this.#end(`the inference worker ended with exit code ${code}`);
    });
    process.on('exit', this.#beforeExit);
    this.#worker.unref();
  }

  /** Gone: it answers nothing more. */
  get ended(): boolean {
    return this.#ended !== null;
  }

  /** Gone, and nobody had asked it to go. */
  get crashed(): boolean {
    return this.#ended !== null && !this.#closed;
  }

  readonly #beforeExit = (): void => {
    this.#gate.shut();
    this.#gate.waitUntilIdle();
  };

  open(key: string, model: Uint8Array, { optimisation = 'all', ...how }: Opening): Promise<InferenceSession> {
    const known = this.#sessions.get(key);
    if (known) return known;
    // A copy that can be given away (`slice` of a Buffer would be none): the caller keeps its
    // bytes, the worker drops these once the session stands.
    const bytes = new Uint8Array(model);
    const session = this.#ask<Opened>(
      (id) => ({ id, kind: 'open', session: key, model: bytes, optimisation, ...how }),
      [bytes.buffer as ArrayBuffer],
      failure('model-invalid', 'onnxruntime refuses the model'),
    ).then(({ inputs, outputs }) => ({
      inputs,
      outputs,
      run: (feeds: Record<string, Tensor>) => this.#run(key, feeds),
    }));
    this.#sessions.set(key, session);
    session.catch(() => this.#sessions.delete(key));
    return session;
  }

  /** Lets the worker end by itself, after the run that it is in: see `WorkerGate`. */
  close(): Promise<void> {
    this.#closed ||= this.#ended === null;
    this.#end('the inference worker was closed');
    this.#gate.shut();
    return new Promise((resolve) => {
      if (this.#worker.threadId === -1) resolve();
      this.#worker.once('exit', () => resolve());
      this.#worker.ref();
      this.#worker.postMessage({ id: 0, kind: 'close' } satisfies Request);
    });
  }

  async #run(session: string, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    const { tensors, buffers } = transferable(feeds);
    return this.#ask(
      (id) => ({ id, kind: 'run', session, feeds: tensors }),
      buffers,
      failure('inference-failed', 'onnxruntime failed'),
    );
  }

  #ask<T>(request: (id: number) => Request, transfer: ArrayBuffer[], failure: Pending['failure']): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#lastId;
      this.#worker.postMessage(request(id), transfer);
      this.#pending.set(id, { resolve, reject, failure });
      this.#worker.ref();
    });
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('error' in answer) pending.reject(pending.failure(answer.error));
    else pending.resolve(answer.value as never);
  }

  /**
   * A worker that is gone answers nothing more: whoever waits is told, and the next `openSession`
   * starts another.
   */
  #end(what: string, cause?: unknown): void {
    if (this.#ended) return;
    this.#ended = new SegcanaryError(
      'inference-failed',
      `${what[0].toUpperCase()}${what.slice(1)}; open the model again to go on.`,
      { cause },
    );
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

const failure = (code: ErrorCode, what: string) => (message: string) =>
  new SegcanaryError(code, oneLine(message).replace(/[.\s]*$/, '.'), { subject: what });

/** onnxruntime's messages run over lines and carry source positions; people get one line. */
const oneLine = (message: string): string => message.replace(/\s+/g, ' ').trim();
