import type { GraphProto, NodeProto } from './gen/onnx_pb.js';

/**
 * The graphs that a node holds in its attributes: the branches of an If, the body of a Loop or
 * Scan.
 */
export function subgraphsOf(node: Pick<NodeProto, 'attribute'>): GraphProto[] {
  return node.attribute.flatMap((attribute) => (attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs));
}

/**
 * Every name that a node reads. Bodies may read names of the graph around them; names are unique
 * over both, so what is the body's own does no harm.
 */
export function readsOf(node: NodeProto): string[] {
  const names = node.input.filter((name) => name !== '');
  for (const body of subgraphsOf(node)) {
    for (const inner of body.node) names.push(...readsOf(inner));
    for (const output of body.output) names.push(output.name);
  }
  return names;
}
