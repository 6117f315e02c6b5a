import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, SegcanaryError } from '../../errors.js';
import { sha256 } from '../../files/hash.js';
import { parseModel } from '../onnx/parse.js';
import type { Device } from './devices.js';
import type { InferenceOptions } from './options.js';
import { type Tensor, transferable } from './tensor.js';
import type { Answer, Opened, Optimisation, Request, ValueInfo } from './worker.js';
import { WorkerGate } from './worker-gate.js';

export type { Tensor, TensorData, TensorType } from './tensor.js';
export type { ValueInfo } from './worker.js';

export interface SessionOptions extends InferenceOptions {
  /**
   * Of the model, in hex, from who has verified it already: sessions are shared by it, so that a
   * wrong one may get the session of another model.
   * @default worked out
   */
  readonly sha256?: string | undefined;
  /**
   * Where the model is had from again, so that a worker that crashed costs the runs that were in it
   * and no others: the next run opens the model anew. Without it the session is of no more use
   * then. For who keeps the bytes anyway.
   */
  readonly reopen?: (() => Uint8Array) | undefined;
}

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

/**
 * Opens a model in the inference worker: one worker thread a process, because a run blocks the
 * thread that it is called on, and one session for each distinct graph and set of options, kept for
 * the life of the process, because released sessions leak. Opening the same model again costs a
 * hash.
 *
 * The worker does not keep the process alive while it has nothing to do.
 *
 * @throws SegcanaryError `model-invalid` when onnxruntime refuses the model, `model-unsupported`
 *   for weights in other files
 */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<InferenceSession> {
  parseModel(model);
  const { threads = availableParallelism(), device = 'cpu' } = options;
  const { reopen } = options;
  const key = `${options.sha256 ?? sha256(model)}/${threads}/${device}`;
  const open = async (bytes: Uint8Array) => {
    current ??= InferenceThread.start();
    const inference = current;
    return { inference, session: await inference.open(key, bytes, { threads, device }) };
  };
  let opened = await open(model);
  if (!reopen) return opened.session;
  return {
    ...opened.session,
    async run(feeds) {
      if (opened.inference.crashed) opened = await open(reopen());
      return opened.session.run(feeds);
    },
  };
}

/**
 * Runs something on a model in a worker of its own that ends afterwards, memory and all: for a look
 * at a model that will not be used as it is. Its graph is hardly optimised.
 *
 * @throws SegcanaryError `model-invalid` when onnxruntime refuses the model
 */
export async function withPassingSession<T>(
  model: Uint8Array,
  look: (session: InferenceSession) => T | Promise<T>,
): Promise<T> {
  const inference = InferenceThread.start();
  try {
    return await look(await inference.open('passing', model, { threads: 1, device: 'cpu', optimisation: 'basic' }));
  } finally {
    await inference.close();
  }
}

/**
 * Ends the worker and with it every session; runs under way are rejected. The next `openSession`
 * starts anew. For tests and for measuring memory.
 */
export async function closeInference(): Promise<void> {
  const inference = current;
  current = null;
  await inference?.close();
}

let current: InferenceThread | null = null;

/** How a session is opened. */
interface Opening {
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
class InferenceThread {
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
    if (current === this) current = null;
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

/** For `catch`: puts the name of the model in front of what onnxruntime says. */
export const naming =
  (name: string) =>
  (error: unknown): never => {
    throw error instanceof SegcanaryError
      ? new SegcanaryError(error.code, error.message, { subject: name, option: error.option, cause: error })
      : error;
  };
