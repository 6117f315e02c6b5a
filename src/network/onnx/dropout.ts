import { create } from '@bufbuild/protobuf';
import { SegcanaryError } from '../../errors.js';
import { findBottleneck } from './bottleneck.js';
import {
  type GraphProto,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorShapeProto_DimensionSchema,
  ValueInfoProtoSchema,
} from './gen/onnx_pb.js';
import { GraphIndex } from './graph.js';

/**
 * A dropout of whole channels, whose factors a graph has to be fed: [1, channels, 1, 1, 1], 0 or
 * 1 / (1 - p).
 */
export interface ChannelDropout {
  /** Name of the graph's input. */
  readonly input: string;
  readonly channels: number;
}

/**
 * Puts a dropout of whole channels behind every convolution of the encoder and the bottleneck,
 * before the norm, in place: a multiplication with factors that are an input of the graph, so that
 * any exported network gets it without another export, and the draw is ours and seeded.
 *
 * Source: Gonzalez et al. 2021, the released code (Dropout3d, p = .5, in `conv_blocks_context`);
 * Gal and Ghahramani 2016.
 *
 * @returns the dropouts, in the order of the convolutions
 * @throws SegcanaryError `no-bottleneck` where the network never comes up again, `model-invalid`
 *   for a convolution without channels
 */
export function insertDropout(graph: GraphProto, name: string): ChannelDropout[] {
  const index = new GraphIndex(graph);
  const bottleneck = findBottleneck(graph, index);
  if (bottleneck === null) {
    throw new SegcanaryError(
      'no-bottleneck',
      'nothing in it up-samples, so there is no encoder to put dropout into; leave MC Dropout out.',
      { subject: name },
    );
  }
  const { nodes: encoder } = index.backwardsFrom([bottleneck]);
  // A weight of no or of negative size has no channels: onnxruntime refuses it when the graph is
  // opened.
  const sized = graph.initializer.filter(({ dims }) => dims.length > 0 && dims[0] > 0n);
  const outputs = new Map(sized.map((tensor) => [tensor.name, Number(tensor.dims[0])]));
  const dropouts: ChannelDropout[] = [];
  const nodes: typeof graph.node = [];
  graph.node.forEach((node, i) => {
    nodes.push(node);
    const channels = node.opType === 'Conv' ? outputs.get(node.input[1] ?? '') : undefined;
    if (!encoder.has(i) || !index.dependsOnInput(i) || channels === undefined) return;
    // Factors are drawn in this number, so it is not believed blindly.
    if (!(channels >= 1 && channels <= 65_536))
      throw new SegcanaryError(
        'model-invalid',
        `the weights of the convolution "${node.name}" say that it has ${channels} channels; export the network again.`,
        { subject: name },
      );
    const dropout = { input: `segcanary_dropout_${dropouts.length}`, channels };
    dropouts.push(dropout);
    const [output] = node.output as [string];
    const raw = `${output}/segcanary-before-dropout`;
    node.output[0] = raw;
    nodes.push(create(NodeProtoSchema, { opType: 'Mul', input: [raw, dropout.input], output: [output] }));
    const dim = [1, channels, 1, 1, 1].map((n) =>
      create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(n) } }),
    );
    graph.input.push(
      create(ValueInfoProtoSchema, {
        name: dropout.input,
        type: { value: { case: 'tensorType', value: { elemType: TensorProto_DataType.FLOAT, shape: { dim } } } },
      }),
    );
  });
  graph.node = nodes;
  return dropouts;
}
