import type { GraphProto } from './gen/onnx_pb.js';

/**
 * The logits of a segmentation network: its first output, or what goes into the softmax or sigmoid
 * that it ends in. Undefined for a graph without outputs.
 */
export function logitsOf(graph: GraphProto): string | undefined {
  const output = graph.output[0]?.name;
  const last = graph.node.find((node) => output !== undefined && node.output.includes(output));
  return last?.opType === 'Softmax' || last?.opType === 'Sigmoid' ? last.input[0] : output;
}
