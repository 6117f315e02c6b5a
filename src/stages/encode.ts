import ndarray from 'ndarray';
import type { Activation, Patch } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/contiguous.js';
import type { Encoder } from '../model/encoder.js';
import { type Stage, stage } from './stage.js';

export interface EncodeOptions {
  /** From `openEncoder`; scans share one. */
  readonly encoder: Encoder;
  /** Patches at the inference worker at a time. With two, the next one is prepared while the network works. @default 2 */
  readonly inFlight?: number;
}

/**
 * Patches to the activations at the tap, in the same order. A patch's buffer goes to the inference worker and is empty afterwards.
 *
 * A run cannot be aborted half-way: an abort lets go of what is at the worker and does not wait for it.
 *
 * @throws SegcanaryError `usage` for fewer than one patch in flight, `scan-unsuitable` when the network takes other patches, `inference-failed`
 */
export function encode({ encoder, inFlight = 2 }: EncodeOptions): Stage<Patch, Activation> {
  if (!Number.isInteger(inFlight) || inFlight < 1) {
    throw new SegcanaryError('usage', `inFlight must be a whole number of patches, at least 1, not ${inFlight}.`);
  }
  const queue: Promise<Activation>[] = [];
  return stage<Patch, Activation>(
    { name: 'encode' },
    {
      async *transform(patch, signal) {
        const activation = encodePatch(encoder, patch);
        activation.catch(() => {}); // A failure is raised when its turn comes; until then it must not count as unhandled.
        queue.push(activation);
        if (queue.length >= inFlight) yield await orAbort(queue.shift()!, signal);
      },
      async *flush(signal) {
        for (let next = queue.shift(); next; next = queue.shift()) yield await orAbort(next, signal);
      },
      close() {
        queue.length = 0;
      },
    },
  );
}

async function encodePatch(encoder: Encoder, { data, grid, tiling, index, tile }: Patch): Promise<Activation> {
  try {
    const activation = await encoder.encode(contiguous(data), data.shape);
    return { grid, tiling, index, tile, data: ndarray(activation.data, [...activation.shape]) };
  } catch (cause) {
    if (!(cause instanceof SegcanaryError)) throw cause;
    throw new SegcanaryError(cause.code, `${grid.scan.case}: patch ${index}: ${cause.message}`, { cause });
  }
}

/** What a promise gives, or the reason for an abort, whichever comes first. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
