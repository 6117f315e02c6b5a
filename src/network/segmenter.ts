import { toBinary } from '@bufbuild/protobuf';
import type { Triple } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { sha256 } from '../files/hash.js';
import { sigmoid, softmax } from '../maths/volume/labels.js';
import { mirror, mirrorings } from '../maths/window/mirror.js';
import type { InferenceOptions, WithInference } from './inference/options.js';
import { type InferenceSession, naming, openSession } from './inference/session.js';
import { keepOnly } from './onnx/cut.js';
import { type GraphProto, ModelProtoSchema } from './onnx/gen/onnx_pb.js';
import { GraphIndex } from './onnx/graph.js';
import { logitsOf } from './onnx/logits.js';
import { parseModel } from './onnx/parse.js';
import { addPatchFeatures, hasFeatures, PATCH_FEATURES, type PatchFeatures } from './onnx/patch-features.js';
import { tapNotFound } from './onnx/tap-names.js';

/** The whole network of one fold. */
export interface FoldModel extends PatchFeatures {
  /** Name of the file, for messages. */
  readonly name: string;
  readonly onnx: Uint8Array;
  /** The tensor to give beside the logits, of one fold at most. */
  readonly tap?: string | undefined;
}

export interface SegmenterOptions extends WithInference {
  /**
   * Applied to the logits of every pass before they are averaged, over the classes or to every
   * region. nnU-Net v1 averages probabilities, v2 logits.
   * @default none
   */
  readonly nonlinearity?: 'softmax' | 'sigmoid' | undefined;
  /**
   * Axes to mirror for test-time augmentation: 0 for z, 1 for y, 2 for x of the network grid.
   * @default none
   */
  readonly mirrorAxes?: readonly number[];
}

/** A segmentation network, or the folds of one, ready to run. Scans share it. */
export interface Segmenter {
  /** Classes, or regions. */
  readonly heads: number;
  /** sha256 of the network of every fold. */
  readonly networks: readonly string[];
  /** Axes that are mirrored. */
  readonly mirrorAxes: readonly number[];
  /**
   * One patch through every fold and every mirroring.
   *
   * @param data [c, z, y, x] in C order; empty afterwards where it owns its whole buffer
   * @param shape [c, z, y, x]
   * @param index of the patch in its scan; it is the same to a plain network
   * @returns the mean of the logits (or of what the nonlinearity makes of them) over folds and
   *   mirrorings, and the tapped activation of the plain pass, without their batch axes
   * @throws SegcanaryError `inference-failed`, `scan-unsuitable` when the network takes another
   *   shape
   */
  predict(data: Float32Array, shape: readonly [number, number, number, number], index?: number): Promise<PatchOutput>;
}

export interface PatchOutput {
  readonly logits: { readonly data: Float32Array; readonly shape: readonly number[] };
  readonly activation: { readonly data: Float32Array; readonly shape: readonly number[] } | null;
  /** What `addPatchFeatures` put into the graph, where it did. */
  readonly measured?: Float32Array | undefined;
}

interface Fold {
  readonly session: InferenceSession;
  readonly name: string;
  readonly input: string;
  readonly logits: string;
  readonly tap: string | undefined;
}

/**
 * Opens the networks of one or more folds. The same bytes twice share one session.
 *
 * Logits are the first output of each file, before a softmax or sigmoid that it ends in. With a
 * tap, the tensor becomes a second output: one pass gives both. Source: nnunetv2
 * predict_from_raw_data.py, `_internal_maybe_mirror_and_predict` and
 * `predict_logits_from_preprocessed_data`; nnunet 1.7.1 neural_network.py,
 * `_internal_maybe_mirror_and_pred_3D`.
 *
 * @throws SegcanaryError `model-invalid`, `model-unsupported` for other inputs and outputs or
 *   another number of outputs than `heads`, `tap-not-found`
 */
export async function openSegmenter(
  models: readonly FoldModel[],
  heads: number,
  options: SegmenterOptions = {},
): Promise<Segmenter> {
  const passes = [[], ...mirrorings(options.mirrorAxes ?? [])];
  const folds: Fold[] = [];
  for (const model of models) folds.push(await openFold(model, heads, options.inference));
  return {
    heads,
    networks: models.map(({ onnx }) => sha256(onnx)),
    mirrorAxes: options.mirrorAxes ?? [],
    async predict(data, shape) {
      const spatial = shape.slice(1) as unknown as Triple;
      const patch = folds.length * passes.length > 1 ? new Float32Array(data) : data;
      let sum: Float32Array | null = null;
      let activation: PatchOutput['activation'] = null;
      let measured: Float32Array | undefined;
      let left = folds.length * passes.length;
      for (const axes of passes) {
        for (const fold of folds) {
          // The session empties what it is given: the last pass may have the patch itself.
          left--;
          const given = axes.length > 0 ? mirror(patch, spatial, axes) : left > 0 ? patch.slice() : patch;
          const { [fold.logits]: logits, ...rest } = await fold.session.run({
            [fold.input]: { type: 'float32', dims: [1, ...shape], data: given },
          });
          const values = logits.data as Float32Array;
          checkLogits(fold.name, logits.dims, heads, spatial);
          if (options.nonlinearity === 'softmax') softmax(values, heads);
          if (options.nonlinearity === 'sigmoid') sigmoid(values);
          const plain = axes.length > 0 ? mirror(values, spatial, axes) : values;
          if (sum === null) sum = plain;
          else for (let i = 0; i < sum.length; i++) sum[i] += plain[i];
          if (fold.tap !== undefined && axes.length === 0) {
            const tapped = rest[fold.tap];
            activation = { data: tapped.data as Float32Array, shape: tapped.dims.slice(1) };
            measured = rest[PATCH_FEATURES]?.data as Float32Array | undefined;
          }
        }
      }
      const logits = sum as Float32Array;
      const count = folds.length * passes.length;
      if (count > 1) for (let i = 0; i < logits.length; i++) logits[i] /= count;
      return { logits: { data: logits, shape: [heads, ...spatial] }, activation, ...(measured && { measured }) };
    },
  };
}

async function openFold(model: FoldModel, heads: number, inference?: InferenceOptions): Promise<Fold> {
  const { name, tap } = model;
  const parsed = parseModel(model.onnx, name);
  const index = new GraphIndex(parsed.graph);
  const logits = logitsOf(parsed.graph);
  if (logits === undefined)
    throw new SegcanaryError('model-unsupported', 'has no output; export it again.', { subject: name });
  if (tap !== undefined && index.producer(tap) === undefined) throw tapNotFound(tap, index, name);
  const outputs = tapOutputs(parsed.graph, logits, model);
  const bytes = toBinary(ModelProtoSchema, keepOnly(parsed, new GraphIndex(parsed.graph), outputs));
  const session = await openSession(bytes, inference).catch(naming(name));
  const [input] = session.inputs;
  if (!input || session.inputs.length !== 1 || input.type !== 'float32' || session.outputs[0].type !== 'float32') {
    throw new SegcanaryError(
      'model-unsupported',
      'a segmentation network has one float32 input and float32 logits; export it in float32.',
      { subject: name },
    );
  }
  const channels = session.outputs[0].dims[1];
  if (typeof channels === 'number' && channels !== heads) throw wrongHeads(name, channels, heads);
  return { session, name, input: input.name, logits, tap };
}

/**
 * The outputs that a fold is opened with: logits, and what the detector taps. Features are measured
 * of the fold with the tap, by nodes added to the graph.
 */
export function tapOutputs(graph: GraphProto, logits: string, { tap, ...features }: FoldModel): string[] {
  const outputs = tap === undefined || tap === logits ? [logits] : [logits, tap];
  if (tap === undefined || !hasFeatures(features)) return outputs;
  addPatchFeatures(graph, features);
  return [...outputs, PATCH_FEATURES];
}

function checkLogits(name: string, dims: readonly number[], heads: number, spatial: Triple): void {
  if (dims[1] !== heads) throw wrongHeads(name, dims[1], heads);
  if (dims.length === 5 && spatial.every((n, axis) => dims[axis + 2] === n)) return;
  throw new SegcanaryError(
    'model-unsupported',
    `gives ${dims.join('x')} for a patch of ${spatial.join('x')}; its output has to have a value a voxel.`,
    { subject: name },
  );
}

const wrongHeads = (name: string, has: number, wanted: number): SegcanaryError =>
  new SegcanaryError(
    'model-unsupported',
    `gives ${has} values a voxel and dataset.json has ${wanted} labels; the two are not of the same model.`,
    { subject: name },
  );
