import { MessageChannel, parentPort, workerData } from 'node:worker_threads';
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type Device, executionProvidersOf } from './devices.js';
import { type Tensor, type TensorType, transferable } from './tensor.js';
import { WorkerGate } from './worker-gate.js';

export type Optimisation = 'basic' | 'all';

/** What one end of the worker says to the other. `id` pairs an answer with its question. */
export type Request =
  | {
      readonly id: number;
      readonly kind: 'open';
      readonly session: string;
      readonly model: Uint8Array;
      readonly threads: number;
      readonly device: Device;
      readonly optimisation: Optimisation;
    }
  | { readonly id: number; readonly kind: 'run'; readonly session: string; readonly feeds: Record<string, Tensor> }
  | { readonly id: number; readonly kind: 'close' };

export interface ValueInfo {
  readonly name: string;
  readonly type: TensorType;
  /** A number for a fixed axis, a name (possibly empty) for one that is left open. */
  readonly dims: readonly (number | string)[];
}

export interface Opened {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export type Answer =
  | { readonly id: number; readonly value: Opened | Record<string, Tensor> }
  | { readonly id: number; readonly error: string };

// onnxruntime throws what it would log as an error, so that only what ends the process is left for
// it to print.
env.logLevel = 'fatal';

/** Kept for the life of the process: a session that is released leaks (onnxruntime #25325). */
const sessions = new Map<string, InferenceSession>();
const port = parentPort!;
/** A port that nobody listens to any more. What is transferred to it is freed at once. */
const nowhere = new MessageChannel().port1;
nowhere.close();

const gate = new WorkerGate(workerData as SharedArrayBuffer);

/**
 * One after another: onnxruntime would queue runs up in places where a shut gate does not reach
 * them.
 */
let queue = Promise.resolve();
port.on('message', (request: Request) => {
  queue = queue.then(() => (request.kind === 'close' ? port.close() : answer(request)));
});
gate.ready();

async function answer(request: Exclude<Request, { kind: 'close' }>): Promise<void> {
  const { id } = request;
  try {
    const { value, buffers } = await gate.during(async () => {
      if (request.kind === 'open') return { value: await open(request), buffers: [] };
      const { tensors, buffers } = transferable(await run(request));
      return { value: tensors, buffers };
    });
    port.postMessage({ id, value } satisfies Answer, buffers);
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies Answer);
  }
}

async function open(request: Request & { kind: 'open' }): Promise<Opened> {
  const session = await InferenceSession.create(request.model, {
    executionProviders: executionProvidersOf(request.device),
    intraOpNumThreads: request.threads,
    graphOptimizationLevel: request.optimisation,
    logSeverityLevel: 4,
    // Plans one block for all intermediate tensors: no faster here, and 1092 instead of 644 MB for
    // an encoder of nnU-Net's size.
    enableMemPattern: false,
    // The arena stays on: without it that encoder peaks 25 MB lower (711 against 736) and takes 5
    // to 10 % longer.
  });
  sessions.set(request.session, session);
  return { inputs: session.inputMetadata.map(valueInfo), outputs: session.outputMetadata.map(valueInfo) };
}

async function run(request: Request & { kind: 'run' }): Promise<Record<string, Tensor>> {
  const feeds: Record<string, OrtTensor> = Object.fromEntries(
    Object.entries(request.feeds).map(([name, { type, data, dims }]) => [
      name,
      new OrtTensor(type as 'float32', data as Float32Array, dims),
    ]),
  );
  try {
    const results = await sessions.get(request.session)!.run(feeds);
    return Object.fromEntries(
      Object.entries(results).map(([name, { type, dims, data }]) => [name, { type, dims, data } as unknown as Tensor]),
    );
  } finally {
    // The worker makes so little garbage of its own that its collector would let 64 MB of spent
    // patches pile up before it looked.
    nowhere.postMessage(null, transferable(request.feeds).buffers);
  }
}

function valueInfo(metadata: InferenceSession.ValueMetadata): ValueInfo {
  if (!metadata.isTensor) throw new Error(`${metadata.name} is not a tensor.`);
  return { name: metadata.name, type: metadata.type as TensorType, dims: [...metadata.shape] };
}
