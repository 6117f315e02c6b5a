import type { GraphProto, ModelProto, NodeProto } from './gen/onnx_pb.js';
import { subgraphsOf } from './subgraphs.js';

/**
 * What scales may be computed with: none of it makes a list longer than the pieces that are written
 * in the file, so that onnxruntime knows its length when it loads the graph and refuses a wrong
 * one. Beyond these it would copy scales of any length onto its stack (1.30, `Resize` and
 * `Upsample`: a crash).
 */
const harmless = new Set(
  'Constant Shape Size Cast Concat Slice Gather Squeeze Unsqueeze Identity Add Sub Mul Div Floor Ceil'.split(' '),
);

/** Who makes a name, here or in the graph around; null for a weight. */
type Makers = ReadonlyMap<string, NodeProto | null>;

/**
 * The name of a tensor that a Resize or Upsample takes its scales from though it is computed from
 * the data, or null.
 */
export function computedScales({ graph, functions }: ModelProto): string | null {
  const bodies = functions.map(({ node }) => inNodes(node, new Map()));
  return [graph ? inGraph(graph, new Map()) : null, ...bodies].find((found) => found !== null) ?? null;
}

function inGraph({ node, initializer, sparseInitializer }: GraphProto, around: Makers): string | null {
  const weights = [
    ...initializer.map(({ name }) => name),
    ...sparseInitializer.map(({ values }) => values?.name ?? ''),
  ];
  return inNodes(node, new Map([...around, ...weights.map((name) => [name, null] as const)]));
}

function inNodes(nodes: readonly NodeProto[], around: Makers): string | null {
  const makers = new Map(around);
  for (const node of nodes) for (const output of node.output) makers.set(output, node);
  for (const node of nodes) {
    if (node.opType === 'Resize' || node.opType === 'Upsample') {
      // The third input; of Upsample and of opset 10 the second.
      const scales = node.input[node.input.length > 2 ? 2 : 1] ?? '';
      if (scales !== '' && !isHarmless(scales, makers)) return scales;
    }
    for (const body of subgraphsOf(node)) {
      const found = inGraph(body, makers);
      if (found !== null) return found;
    }
  }
  return null;
}

function isHarmless(tensor: string, makers: Makers): boolean {
  const seen = new Set([tensor]);
  for (const name of seen) {
    const node = makers.get(name);
    if (node === null || name === '') continue;
    if (node === undefined || !harmless.has(node.opType)) return false;
    // A shape is a short list, whatever it is the shape of.
    if (node.opType === 'Shape' || node.opType === 'Size') continue;
    for (const input of node.input) seen.add(input);
  }
  return true;
}
