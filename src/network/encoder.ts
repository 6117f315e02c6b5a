import { SegcanaryError } from '../errors.js';
import type { WithInference } from './inference/options.js';
import { naming, openSession, type Tensor } from './inference/session.js';
import { parseModel } from './onnx/parse.js';
import { PATCH_FEATURES } from './onnx/patch-features.js';

export interface EncoderOptions extends WithInference {
  /**
   * The hash of the model, in hex, from who has verified it already: sessions are shared by it, so
   * that a wrong one may get the session of another model.
   * @default worked out
   */
  readonly sha256?: string | undefined;
  /** Name of the file, for messages. @default 'the encoder' */
  readonly name?: string;
}

/** What an encoder makes of a patch. */
export interface Encoded {
  /** The tapped activation, [c, …spatial], without the batch axis. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
  /** What `addPatchFeatures` put into the graph, where it did. */
  readonly measured?: Float32Array | undefined;
}

/** The part of the network up to the tap, ready to run. Scans share it. */
export interface Encoder {
  /**
   * Present where the encoder is still being opened: settled when it is open, or when it turns out
   * that it cannot be.
   */
  readonly ready?: Promise<unknown> | undefined;
  /** Some patches cost nothing, so that how long one took says nothing of the others. */
  readonly isUneven?: boolean | undefined;
  /**
   * One patch forward.
   *
   * @param data C order; its buffer is transferred to the worker where the array owns the whole of
   *   it, and is empty afterwards
   * @param shape [c, z, y, x]
   * @returns the tapped activation, without the batch axis
   * @throws SegcanaryError `scan-unsuitable` when the network takes another shape,
   *   `inference-failed`; what `ready` is rejected with
   */
  encode(data: Float32Array, shape: readonly number[]): Promise<Encoded>;
}

/**
 * Opens an encoder that `cutAtTap` made (any ONNX model with one float32 input and output, batch
 * first, will do). The same bytes twice share one session.
 *
 * @throws SegcanaryError `model-invalid` when onnxruntime refuses it, `model-unsupported` for other
 *   inputs and outputs or weights in other files
 */
export async function openEncoder(encoderOnnx: Uint8Array, options: EncoderOptions = {}): Promise<Encoder> {
  const { name = 'the encoder', inference, sha256 } = options;
  // It may come from a detector's folder, where nothing has looked into it yet.
  parseModel(encoderOnnx, name);
  const session = await openSession(encoderOnnx, { ...inference, sha256, reopen: () => encoderOnnx }).catch(
    naming(name),
  );
  const [input] = session.inputs;
  const [output] = session.outputs;
  const expected = session.outputs.some(({ name: tensor }) => tensor === PATCH_FEATURES) ? 2 : 1;
  if (!input || !output || session.inputs.length !== 1 || session.outputs.length !== expected) {
    throw new SegcanaryError(
      'model-unsupported',
      `has ${session.inputs.length} inputs and ${session.outputs.length} outputs; an encoder has one of each: cut the model at a tap.`,
      { subject: name },
    );
  }
  for (const { name: tensor, type } of [input, output]) {
    if (type !== 'float32')
      throw new SegcanaryError(
        'model-unsupported',
        `its tensor "${tensor}" is ${type}; export the network in float32.`,
        { subject: name },
      );
  }

  return {
    async encode(data, shape) {
      const dims = [1, ...shape];
      const fits =
        input.dims.length === dims.length && input.dims.every((n, axis) => typeof n === 'string' || n === dims[axis]);
      if (!fits) throw unfit(name, input.dims, shape);
      const found = await session.run({ [input.name]: { type: 'float32', dims, data } });
      const activation: Tensor = found[output.name];
      const [batch, ...rest] = activation.dims;
      if (batch !== 1) {
        throw new SegcanaryError(
          'model-unsupported',
          `the tensor "${output.name}" has shape ${activation.dims.join('x')}; a tap has a batch axis of 1 first.`,
          { subject: name },
        );
      }
      const means = found[PATCH_FEATURES]?.data as Float32Array | undefined;
      return { data: activation.data as Float32Array, shape: rest, ...(means && { measured: means }) };
    },
  };
}

/**
 * An encoder that is still being opened, so that a scan is read meanwhile: its patches wait.
 * Whoever reports on scans asks `ready` first when one fails, for the scan may not be to blame.
 */
export function encoderWhenOpen(opening: Promise<Encoder>): Encoder {
  // Told to every patch and through `ready`; until somebody asks it must not count as unhandled.
  opening.catch(() => {});
  return { ready: opening, encode: async (data, shape) => (await opening).encode(data, shape) };
}

function unfit(name: string, takes: readonly (number | string)[], shape: readonly number[]): SegcanaryError {
  const [channels] = shape;
  const wanted = takes[1];
  return typeof wanted === 'number' && takes.length === shape.length + 1 && wanted !== channels
    ? new SegcanaryError(
        'scan-unsuitable',
        `takes ${wanted} channel(s), the scan has ${channels}; score it with the model that was trained on such scans.`,
        { subject: name },
      )
    : new SegcanaryError(
        'scan-unsuitable',
        `takes patches of ${takes
          .slice(1)
          .map((n) => (typeof n === 'number' ? n : '?'))
          .join('x')} (channels first), not ${shape.join('x')}; use the patch size of its plan.`,
        { subject: name },
      );
}
