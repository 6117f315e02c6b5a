import type { GraphProto, NodeProto } from './gen/onnx_pb.js';
import type { GraphIndex } from './graph.js';

/**
 * The bottleneck: the last tensor of the encoder, where the way up begins. Null for a network that
 * never comes up again.
 *
 * It is the input of an up-sampling (ConvTranspose with a stride, DepthToSpace, MaxUnpool, or a
 * Resize that enlarges) that no other up-sampling precedes. Where there are several of these
 * (nested decoders, gates that up-sample a skip), the one behind the most down-sampling counts,
 * then the one with the fewest nodes before it. Where the up-sampling reads a skip joined to the
 * deepest block (MONAI's UNet), the deepest block alone is meant, and where a 1 x 1 x 1 convolution
 * narrows the channels for it (LinkNet, SegResNet), the block before that.
 */
export function findBottleneck(graph: GraphProto, index: GraphIndex): string | null {
  const constants = constantValues(graph);
  const afterUp: boolean[] = [];
  const afterConv: boolean[] = [];
  let best: { tensor: string; down: number; nodes: number } | null = null;
  index.nodes.forEach((node, i) => {
    const before = index.reads(i).flatMap((name) => index.producer(name) ?? []);
    afterConv[i] = node.opType === 'Conv' || before.some((p) => afterConv[p]);
    // A Resize before the first convolution is a change of the input's grid, not a decoder.
    const up = afterConv[i] && isUpsampling(node, constants);
    const risen = before.some((p) => afterUp[p]);
    afterUp[i] = up || risen;
    if (!up || risen) return;
    const tensor = beforeNarrowing(behindJoin(node.input[0], index), graph, index);
    const { nodes } = index.backwardsFrom([tensor]);
    let down = 0;
    for (const p of nodes) if (isDownsampling(index.nodes[p])) down++;
    if (!best || down > best.down || (down === best.down && nodes.size < best.nodes))
      best = { tensor, down, nodes: nodes.size };
  });
  return (best as { tensor: string } | null)?.tensor ?? null;
}

/**
 * The later of two tensors that a Concat joins, where one is computed from the other; any other
 * tensor itself.
 */
function behindJoin(tensor: string, index: GraphIndex): string {
  const producer = index.producer(tensor);
  const node = producer === undefined ? null : index.nodes[producer];
  if (node?.opType !== 'Concat' || node.input.length !== 2) return tensor;
  const [first, second] = node.input as [string, string];
  // A chain of Concats is a dense block, whose output is the whole of it.
  if ([first, second].some((name) => index.nodes[index.producer(name) ?? -1]?.opType === 'Concat')) return tensor;
  if (index.backwardsFrom([second]).names.has(first)) return second;
  if (index.backwardsFrom([first]).names.has(second)) return first;
  return tensor;
}

/** What does not mix voxels or channels, or only their statistics: walked over backwards. */
const POINTWISE = new Set(
  [
    ['InstanceNormalization', 'BatchNormalization', 'GroupNormalization', 'Dropout', 'Identity'],
    ['LeakyRelu', 'Relu', 'PRelu', 'Elu', 'Selu', 'Celu', 'Gelu', 'HardSwish', 'Softplus'],
  ].flat(),
);

/**
 * What a convolution of one voxel reads that makes `tensor`, with or without a norm and an
 * activation behind it, and has fewer channels than it reads; `tensor` itself where none does.
 */
function beforeNarrowing(tensor: string, graph: GraphProto, index: GraphIndex): string {
  let node = index.nodes[index.producer(tensor) ?? -1];
  while (node && POINTWISE.has(node.opType)) node = index.nodes[index.producer(node.input[0]) ?? -1];
  if (node?.opType !== 'Conv' || isDownsampling(node)) return tensor;
  const [channels, from, ...kernel] = graph.initializer.find(({ name }) => name === node.input[1])?.dims ?? [];
  const isNarrowing = kernel.length > 0 && kernel.every((n) => n === 1n) && channels < from;
  const [read] = node.input;
  // A block that others read as well is no mere step on the way up.
  const readers = index.nodes.filter((_, i) => index.reads(i).includes(read)).length;
  return isNarrowing && readers === 1 && index.producer(read) !== undefined ? read : tensor;
}

function isUpsampling(node: NodeProto, constants: ReadonlyMap<string, readonly number[]>): boolean {
  if (node.opType === 'ConvTranspose') return strides(node).some((s) => s > 1);
  if (node.opType === 'DepthToSpace' || node.opType === 'MaxUnpool') return true;
  if (node.opType !== 'Resize' && node.opType !== 'Upsample') return false;
  // Scales are the third input of a Resize, the second of an Upsample and of opset 10's Resize.
  // Sizes in their place are taken for an enlargement.
  const scales =
    node.attribute.find((a) => a.name === 'scales')?.floats ??
    constants.get(node.input[node.input.length > 2 ? 2 : 1] ?? '') ??
    [];
  return scales.length === 0 || scales.some((s) => s > 1);
}

function isDownsampling(node: NodeProto): boolean {
  return ['Conv', 'MaxPool', 'AveragePool', 'LpPool'].includes(node.opType) && strides(node).some((s) => s > 1);
}

function strides(node: NodeProto): number[] {
  return (node.attribute.find((a) => a.name === 'strides')?.ints ?? []).map(Number);
}

/** Short float32 constants by name, from the weights and from Constant nodes. */
function constantValues(graph: GraphProto): Map<string, readonly number[]> {
  const out = new Map<string, readonly number[]>();
  const tensors = graph.initializer.map((tensor) => ({ name: tensor.name, tensor }));
  for (const node of graph.node) {
    if (node.opType !== 'Constant') continue;
    const tensor = node.attribute.find((a) => a.name === 'value')?.t;
    const floats = node.attribute.find((a) => a.name === 'value_floats')?.floats;
    if (tensor) tensors.push({ name: node.output[0], tensor });
    if (floats) out.set(node.output[0], floats);
  }
  for (const { name, tensor } of tensors) {
    if (tensor.dataType !== 1 || tensor.dims.length !== 1 || tensor.dims[0] > 8n) continue;
    const { rawData } = tensor;
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    const raw = Array.from({ length: rawData.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
    out.set(name, raw.length > 0 ? raw : tensor.floatData);
  }
  return out;
}
