import { toBinary } from '@bufbuild/protobuf';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Triple } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { mirror, mirrorings } from '../maths/window/mirror.js';
import type { WithInference } from './inference/options.js';
import { type InferenceSession, naming, openSession } from './inference/session.js';
import { keepOnly } from './onnx/cut.js';
import { type ChannelDropout, insertDropout } from './onnx/dropout.js';
import { ModelProtoSchema } from './onnx/gen/onnx_pb.js';
import { GraphIndex } from './onnx/graph.js';
import { logitsOf } from './onnx/logits.js';
import { parseModel } from './onnx/parse.js';
import { PATCH_FEATURES } from './onnx/patch-features.js';
import { type FoldModel, type PatchOutput, type Segmenter, tapOutputs } from './segmenter.js';

/** Probability that MC Dropout drops a channel: the release's. */
const P = 0.5;

/** Which passes of the network a reading of its outputs is made of. */
export type Passes = 'plain' | 'mirrors' | 'folds' | 'dropout';

export interface SamplerOptions extends WithInference {
  /** Axes whose every mirroring is a pass of its own. @default none */
  readonly mirrorAxes?: readonly number[];
  /** Passes with dropout. @default 0 */
  readonly dropout?: number;
  /** Where the dropout's draws begin. @default 0 */
  readonly seed?: number;
}

/** A network that is run several times on each patch, the passes kept apart. */
export interface Sampler extends Pick<Segmenter, 'heads'> {
  /**
   * Which of the passes are what; every set but 'dropout' has the plain pass. A set of one pass is
   * no set and is left out, but for 'plain'.
   */
  readonly layout: Readonly<Partial<Record<Passes, readonly number[]>>>;
  /** Number of passes. */
  readonly passes: number;
  /**
   * One patch through every pass.
   *
   * @param index of the patch in its scan: the same patch gets the same dropout
   * @returns logits [pass * heads, z, y, x] and the tapped activation of the plain pass of the
   *   first fold
   * @throws SegcanaryError as `Segmenter.predict`
   */
  predict(data: Float32Array, shape: readonly [number, number, number, number], index?: number): Promise<PatchOutput>;
}

interface PassOutput extends Pick<PatchOutput, 'activation' | 'measured'> {
  readonly logits: Float32Array;
}

type Run = (data: Float32Array, dims: readonly number[], index: number) => Promise<PassOutput>;

/**
 * Opens a network for several passes: plain, mirrored, with dropout, and other folds.
 *
 * @throws SegcanaryError as `openSegmenter`, and `no-bottleneck` for dropout in a network without
 *   one
 */
export async function openSampler(
  [first, ...others]: readonly [FoldModel, ...FoldModel[]],
  heads: number,
  options: SamplerOptions = {},
): Promise<Sampler> {
  const runs: Run[] = [await openRun(first, heads, options)];
  const layout: Partial<Record<Passes, number[]>> = { plain: [0] };
  const add = (set: Passes, run: Run) => {
    layout[set] ??= set === 'dropout' ? [] : [0];
    layout[set].push(runs.length);
    runs.push(run);
  };
  const plain = runs[0];
  for (const axes of mirrorings(options.mirrorAxes ?? [])) {
    add('mirrors', async (data, dims, index) => {
      const spatial = dims.slice(2) as unknown as Triple;
      const { logits } = await plain(mirror(data, spatial, axes), dims, index);
      return { logits: mirror(logits, spatial, axes), activation: null };
    });
  }
  for (const fold of others) add('folds', await openRun({ ...fold, tap: undefined }, heads, options));
  if (options.dropout) {
    const dropped = await openRun({ ...first, tap: undefined }, heads, options, true);
    for (let pass = 0; pass < options.dropout; pass++)
      add('dropout', (data, dims, index) => dropped(data, dims, index * options.dropout! + pass));
  }
  return {
    heads,
    layout,
    passes: runs.length,
    async predict(data, shape, index = 0) {
      const spatial = shape.slice(1) as unknown as Triple;
      const voxels = heads * spatial[0] * spatial[1] * spatial[2];
      const logits = new Float32Array(runs.length * voxels);
      let first: PassOutput | null = null;
      for (const [pass, run] of runs.entries()) {
        // The session empties what it is given.
        const found = await run(data.slice(), [1, ...shape], index);
        logits.set(found.logits, pass * voxels);
        first ??= found;
      }
      const { activation, measured } = first!;
      return {
        logits: { data: logits, shape: [runs.length * heads, ...spatial] },
        activation,
        ...(measured && { measured }),
      };
    },
  };
}

/** One network, as it is or with dropout, checked against the number of its outputs. */
async function openRun(model: FoldModel, heads: number, options: SamplerOptions, dropout = false): Promise<Run> {
  const { name, tap } = model;
  const parsed = parseModel(model.onnx, name);
  const logits = logitsOf(parsed.graph);
  if (logits === undefined)
    throw new SegcanaryError('model-unsupported', 'has no output; export it again.', { subject: name });
  const [input] = new GraphIndex(parsed.graph).inputs;
  const masks = dropout ? insertDropout(parsed.graph, name) : [];
  const outputs = tapOutputs(parsed.graph, logits, model);
  const bytes = toBinary(ModelProtoSchema, keepOnly(parsed, new GraphIndex(parsed.graph), outputs));
  const session: InferenceSession = await openSession(bytes, options.inference).catch(naming(name));
  const seed = options.seed ?? 0;
  return async (data, dims, index) => {
    const found = await session.run({
      [input.name]: { type: 'float32', dims, data },
      ...feedsOf(masks, seed, index),
    });
    const values = found[logits];
    if (
      values.dims.length !== 5 ||
      values.dims[1] !== heads ||
      !dims.slice(2).every((n, i) => values.dims[i + 2] === n)
    ) {
      throw new SegcanaryError(
        'model-unsupported',
        `gives ${values.dims.join('x')} for a patch of ${dims.slice(2).join('x')}, not ${heads} values a voxel; its dataset.json is another model's.`,
        { subject: name },
      );
    }
    const tapped = tap === undefined ? null : found[tap];
    const means = found[PATCH_FEATURES]?.data as Float32Array | undefined;
    return {
      logits: values.data as Float32Array,
      activation: tapped && { data: tapped.data as Float32Array, shape: tapped.dims.slice(1) },
      ...(means && { measured: means }),
    };
  };
}

/** Masks of one pass. Every pass of every patch has its own stream of numbers. */
function feedsOf(masks: readonly ChannelDropout[], seed: number, index: number) {
  const random = xoroshiro128plus((Math.imul(seed, 0x9e3779b1) + Math.imul(index, 0x85ebca6b)) | 0);
  return Object.fromEntries(
    masks.map(({ input, channels }) => {
      const data = Float32Array.from({ length: channels }, () => (uniformInt(random, 0, 1) === 1 ? 1 / (1 - P) : 0));
      return [input, { type: 'float32' as const, dims: [1, channels, 1, 1, 1], data }];
    }),
  );
}
