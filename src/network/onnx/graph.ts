import type { GraphProto, NodeProto, ValueInfoProto } from './gen/onnx_pb.js';
import { readsOf } from './subgraphs.js';

/**
 * Who makes and who reads each tensor of a graph. Nodes are known by their index, which is a
 * topological order in every valid ONNX file.
 */
export class GraphIndex {
  readonly nodes: readonly NodeProto[];
  /**
   * What has to be fed: older files list their weights among the inputs too, and those are left
   * out.
   */
  readonly inputs: readonly ValueInfoProto[];
  readonly #producers = new Map<string, number>();
  readonly #reads: readonly (readonly string[])[];
  readonly #onData: readonly boolean[];

  constructor(graph: GraphProto) {
    this.nodes = graph.node;
    this.#reads = graph.node.map(readsOf);
    const weights = new Set(weightNames(graph));
    this.inputs = graph.input.filter((input) => !weights.has(input.name));
    graph.node.forEach((node, index) => {
      for (const output of node.output) if (output !== '') this.#producers.set(output, index);
    });
    const inputs = new Set(this.inputs.map((input) => input.name));
    const onData: boolean[] = [];
    for (const reads of this.#reads) {
      onData.push(reads.some((name) => inputs.has(name) || (onData[this.#producers.get(name) ?? -1] ?? false)));
    }
    this.#onData = onData;
  }

  /** The node that makes a tensor; undefined for inputs and weights. */
  producer(tensor: string): number | undefined {
    return this.#producers.get(tensor);
  }

  reads(node: number): readonly string[] {
    return this.#reads[node];
  }

  /** Whether what a node makes depends on an input, as weights and constants do not. */
  dependsOnInput(node: number): boolean {
    return this.#onData[node];
  }

  /**
   * All names that a set of tensors is computed from (inputs, weights, tensors, themselves), and
   * the nodes that do it.
   */
  backwardsFrom(tensors: Iterable<string>): {
    readonly names: ReadonlySet<string>;
    readonly nodes: ReadonlySet<number>;
  } {
    const names = new Set(tensors);
    const nodes = new Set<number>();
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = this.#producers.get(name);
      if (node === undefined || nodes.has(node)) continue;
      nodes.add(node);
      for (const read of this.#reads[node]) {
        if (names.has(read)) continue;
        names.add(read);
        open.push(read);
      }
    }
    return { names, nodes };
  }
}

function weightNames(graph: GraphProto): string[] {
  return [...graph.initializer.map((t) => t.name), ...graph.sparseInitializer.map((t) => t.values?.name ?? '')];
}
