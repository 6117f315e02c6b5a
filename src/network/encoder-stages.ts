import { findBottleneck } from './onnx/bottleneck.js';
import { GraphIndex } from './onnx/graph.js';
import { parseModel } from './onnx/parse.js';
import { type TensorInfo, tensorShapes } from './tensor-shapes.js';

/** A tensor [1, c, z, y, x] of the encoder. */
export interface FeatureMap {
  readonly name: string;
  readonly channels: number;
  /** [z, y, x]. */
  readonly shape: readonly number[];
}

/** One stage of the encoder, by the tensor that ends it. */
export interface EncoderStage extends FeatureMap {
  /**
   * Outputs of its convolutions as they are, before any norm or activation, from the input on.
   * Those that were only made to add a shortcut are among them.
   */
  readonly convolutions: readonly FeatureMap[];
  /**
   * The last of them: the one with the most nodes in a row before it, so that it is none of a
   * shortcut. The end of the stage where it has none.
   */
  readonly convolution: FeatureMap;
}

/**
 * The encoder's stages, from the input on: they end in the tensors that its decoder reads, and in
 * the bottleneck. Empty for a network without a bottleneck.
 *
 * @param patchShape [c, z, y, x]; by default the input's shape, where the model fixes it
 * @throws SegcanaryError `model-invalid`, `model-unsupported`
 */
export async function encoderStages(
  model: Uint8Array,
  patchShape: readonly number[] | undefined,
  name: string,
): Promise<EncoderStage[]> {
  const { graph } = parseModel(model, name);
  const index = new GraphIndex(graph);
  const bottleneck = findBottleneck(graph, index);
  if (bottleneck === null) return [];
  const { nodes: encoder } = index.backwardsFrom([bottleneck]);
  const read = new Set(index.nodes.flatMap((_, i) => (encoder.has(i) ? [] : index.reads(i))));
  const made = (wanted: (output: string, op: string) => boolean) =>
    index.nodes.flatMap((node, i) =>
      encoder.has(i) && index.dependsOnInput(i) ? node.output.filter((output) => wanted(output, node.opType)) : [],
    );
  const ends = made((output) => output === bottleneck || read.has(output));
  const convolutions = made((_, op) => op === 'Conv');
  const shapes = await tensorShapes(model, [...new Set([...ends, ...convolutions])], patchShape, name);
  const mapOf = (tensor: string): FeatureMap[] => {
    const { type, dims } = shapes.get(tensor) as TensorInfo;
    return type === 'float32' && dims.length === 5 ? [{ name: tensor, channels: dims[1], shape: dims.slice(2) }] : [];
  };
  const depths = depthsOf(index);
  const before = new Set<string>();
  return ends.flatMap(mapOf).map((end) => {
    const { names } = index.backwardsFrom([end.name]);
    const own = convolutions.filter((tensor) => names.has(tensor) && !before.has(tensor)).flatMap(mapOf);
    for (const tensor of names) before.add(tensor);
    const depthOf = ({ name: tensor }: FeatureMap) => depths[index.producer(tensor) ?? 0];
    const convolution = own.reduce((last, next) => (depthOf(next) >= depthOf(last) ? next : last), own[0] ?? end);
    return { ...end, convolutions: own, convolution };
  });
}

/** The most nodes in a row that lead from an input to each node. */
function depthsOf(index: GraphIndex): number[] {
  const depths: number[] = [];
  index.nodes.forEach((_, i) => {
    const before = index.reads(i).map((tensor) => depths[index.producer(tensor) ?? -1] ?? 0);
    depths.push(1 + before.reduce((most, depth) => Math.max(most, depth), 0));
  });
  return depths;
}
