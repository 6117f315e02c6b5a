import { findBottleneck } from './onnx/bottleneck.js';
import { GraphIndex } from './onnx/graph.js';
import { parseModel } from './onnx/parse.js';
import { tensorShapes } from './tensor-shapes.js';

/** The end of one stage of the encoder. */
export interface EncoderStage {
  readonly name: string;
  readonly channels: number;
}

/**
 * The ends of the encoder's stages: the tensors that its decoder reads, and the bottleneck, from
 * the input on. Empty for a network without a bottleneck.
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
  const ends = index.nodes.flatMap((node, i) =>
    encoder.has(i) && index.dependsOnInput(i) ? node.output.filter((o) => o === bottleneck || read.has(o)) : [],
  );
  const shapes = await tensorShapes(model, ends, patchShape, name);
  return ends.flatMap((end) => {
    const { type, dims } = shapes.get(end)!;
    return type === 'float32' && dims.length === 5 ? [{ name: end, channels: dims[1] }] : [];
  });
}
