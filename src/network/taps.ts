import { SegcanaryError } from '../errors.js';
import { pooledShape } from '../maths/window/pool.js';
import { encoderStages } from './encoder-stages.js';
import { findBottleneck } from './onnx/bottleneck.js';
import type { GraphProto } from './onnx/gen/onnx_pb.js';
import { GraphIndex } from './onnx/graph.js';
import { parseModel } from './onnx/parse.js';
import { tapNotFound } from './onnx/tap-names.js';
import { type TensorInfo, tensorShapes } from './tensor-shapes.js';

/** An inner tensor that features can be taken from. */
export interface Tap {
  readonly name: string;
  /** The operator that makes it. */
  readonly op: string;
  /** [c, z, y, x], without the batch axis. */
  readonly shape: readonly number[];
  /** The shape after average pooling. */
  readonly pooledShape: readonly number[];
  /** Elements after pooling: the length of an embedding. */
  readonly d: number;
  /** Whether this is the bottleneck, which is tapped where a tap is wanted and none is named. */
  readonly suggested: boolean;
}

export interface ListTapsOptions {
  /** Name of the file, for messages. */
  readonly name?: string;
}

export interface ChooseTapOptions extends ListTapsOptions {
  /** [c, z, y, x] of the plan's patches. @default the input's shape, where the model fixes it */
  readonly patchShape?: readonly number[];
  /**
   * Name of any inner tensor, or `stage-1`, `stage-2`, …: the end of that stage of the encoder,
   * as the tables of an evaluation name them.
   * @default the bottleneck
   */
  readonly tap?: string;
}

const WORTH_TAPPING = new Set(
  [
    ['Conv', 'Add', 'Concat', 'MaxPool', 'AveragePool'],
    ['InstanceNormalization', 'BatchNormalization', 'GroupNormalization', 'LayerNormalization'],
    ['LeakyRelu', 'Relu', 'PRelu', 'Elu', 'Selu', 'Celu', 'Gelu', 'Mish', 'HardSwish', 'Softplus', 'ThresholdedRelu'],
  ].flat(),
);

/**
 * The bottleneck of a graph by name, or null where there is none: the last tensor before the way up
 * begins.
 */
export function suggestTap(graph: GraphProto): string | null {
  return findBottleneck(graph, new GraphIndex(graph));
}

/**
 * The tensors worth tapping, from the input to the bottleneck: outputs of convolutions, norms,
 * activations, sums and joins, and whatever the decoder reads. A network without a bottleneck has
 * all of its own listed and none suggested.
 *
 * @param patchShape [c, z, y, x]; by default the input's shape, where the model fixes it
 * @throws SegcanaryError `model-invalid`, `model-unsupported`
 */
export async function listTaps(
  model: Uint8Array,
  patchShape?: readonly number[],
  options: ListTapsOptions = {},
): Promise<Tap[]> {
  const { graph } = parseModel(model, options.name);
  const index = new GraphIndex(graph);
  const bottleneck = findBottleneck(graph, index);
  const ends = bottleneck === null ? graph.output.map((output) => output.name) : [bottleneck];
  const { nodes: encoder } = index.backwardsFrom(ends);
  const skips = new Set(index.nodes.flatMap((_, i) => (encoder.has(i) ? [] : index.reads(i))));
  const listed = index.nodes.flatMap((node, i) =>
    encoder.has(i) && index.dependsOnInput(i)
      ? node.output.filter(
          (output) => output !== '' && (WORTH_TAPPING.has(node.opType) || skips.has(output) || output === bottleneck),
        )
      : [],
  );
  const shapes = await tensorShapes(model, listed, patchShape, options.name);
  // A norm may work on a reshaped tensor, and a shape be computed with Concat: neither has the
  // patch's axes.
  return listed
    .filter((name) => isFeatureMap(shapes.get(name)!))
    .map((name) => tapOf(name, index, shapes.get(name)!, name === bottleneck));
}

/**
 * One tap, named or suggested.
 *
 * @throws SegcanaryError `tap-not-found`, `no-bottleneck` when none is named and none can be
 *   suggested, `model-invalid`, `model-unsupported`
 */
export async function chooseTap(model: Uint8Array, options: ChooseTapOptions = {}): Promise<Tap> {
  const { name = 'the model' } = options;
  const { graph } = parseModel(model, name);
  const index = new GraphIndex(graph);
  const bottleneck = findBottleneck(graph, index);
  const tap = (await endOfStage(model, index, options)) ?? options.tap ?? bottleneck;
  if (tap === null) {
    throw new SegcanaryError(
      'no-bottleneck',
      `has no bottleneck, because nothing in it up-samples; name the tensor to tap with \`tap\` (segcanary taps lists them).`,
      { option: 'tap', subject: name },
    );
  }
  const producer = index.producer(tap);
  if (producer === undefined || !index.dependsOnInput(producer)) throw tapNotFound(tap, index, name);
  const info = (await tensorShapes(model, [tap], options.patchShape, name)).get(tap)!;
  if (info.type !== 'float32' || info.dims.length < 2 || info.dims[0] !== 1) {
    throw new SegcanaryError(
      'model-unsupported',
      `the tensor "${tap}" is ${info.type} of shape ${info.dims.join('x') || '()'}; a tap is float32 with a batch axis of 1 first.`,
      { subject: name },
    );
  }
  return tapOf(tap, index, info, tap === bottleneck);
}

/** What a stage of the encoder is called; 1 is the first. */
export const stageName = (k: number): string => `stage-${k}`;

/** The tensor that `stage-2` names; null for whatever names no stage, or is a tensor's own name. */
async function endOfStage(
  model: Uint8Array,
  index: GraphIndex,
  { tap = '', patchShape, name = 'the model' }: ChooseTapOptions,
): Promise<string | null> {
  const k = Number(/^stage-([1-9]\d*)$/.exec(tap)?.[1]);
  if (Number.isNaN(k) || index.producer(tap) !== undefined) return null;
  const stages = await encoderStages(model, patchShape, name);
  if (k <= stages.length) return stages[k - 1].name;
  const there =
    stages.length === 0
      ? 'nothing in it up-samples, so its encoder has no stages'
      : `its encoder has ${stageName(1)} to ${stageName(stages.length)}`;
  throw new SegcanaryError('tap-not-found', `has no ${tap}: ${there} (segcanary taps lists its tensors).`, {
    subject: name,
  });
}

const isFeatureMap = ({ type, dims }: TensorInfo): boolean => type === 'float32' && dims.length === 5 && dims[0] === 1;

function tapOf(name: string, index: GraphIndex, { dims }: TensorInfo, suggested: boolean): Tap {
  const shape = dims.slice(1);
  const pooled = pooledShape(shape);
  return {
    name,
    op: index.nodes[index.producer(name)!].opType,
    shape,
    pooledShape: pooled,
    d: pooled.reduce((a, b) => a * b, 1),
    suggested,
  };
}
