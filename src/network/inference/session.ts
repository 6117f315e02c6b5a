import { availableParallelism } from 'node:os';
import { SegcanaryError } from '../../errors.js';
import { sha256 } from '../../files/hash.js';
import { parseModel } from '../onnx/parse.js';
import { type InferenceSession, InferenceThread } from './inference-thread.js';
import { type InferenceOptions, mostThreads } from './options.js';

export type { InferenceSession } from './inference-thread.js';
export type { Tensor, TensorData, TensorType } from './tensor.js';
export type { ValueInfo } from './worker.js';

export interface SessionOptions extends InferenceOptions {
  /**
   * The hash of the model, in hex, from who has verified it already: sessions are shared by it, so
   * that a wrong one may get the session of another model.
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

/**
 * Opens a model in the inference worker: one worker thread a process, because a run blocks the
 * thread that it is called on, and one session for each distinct graph and set of options, kept for
 * the life of the process, because released sessions leak. Opening the same model again costs a
 * hash.
 *
 * The worker does not keep the process alive while it has nothing to do.
 *
 * @throws SegcanaryError `model-invalid` when onnxruntime refuses the model, `model-unsupported`
 *   for weights in other files, `usage` for threads that are no number of them or too many
 */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<InferenceSession> {
  parseModel(model);
  const { threads = availableParallelism(), device = 'cpu', reopen } = options;
  refuseThreads(threads);
  const key = `${options.sha256 ?? sha256(model)}/${threads}/${device}`;
  const open = async (bytes: Uint8Array) => {
    if (current === null || current.ended) current = InferenceThread.start();
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

function refuseThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 0 && threads <= mostThreads()) return;
  throw new SegcanaryError(
    'usage',
    `The number of threads is ${threads}; give a whole number up to ${mostThreads()} (this process may use ${availableParallelism()} cores, and more threads than that wait for one another).`,
  );
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
  if (inference !== null && !inference.ended) await inference.close();
}

let current: InferenceThread | null = null;

/** For `catch`: puts the name of the model in front of what onnxruntime says. */
export const naming =
  (name: string) =>
  (error: unknown): never => {
    throw error instanceof SegcanaryError
      ? new SegcanaryError(error.code, error.message, { subject: name, option: error.option, cause: error })
      : error;
  };
