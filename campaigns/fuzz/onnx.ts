import { readdirSync, readFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { cutAtTap } from '../../src/model/cut.js';
import { insertDropout } from '../../src/model/dropout.js';
import {
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
} from '../../src/model/gen/onnx_pb.js';
import { mirrorAxesOf } from '../../src/model/metadata.js';
import { parseModel } from '../../src/model/onnx.js';
import { suggestTap } from '../../src/model/taps.js';
import type { Random } from '../random.js';
import { mutateBytes } from './mutate.js';
import { type Target, Wrong } from './target.js';

const folder = new URL('../../test/fixtures/models/', import.meta.url);
export const models: readonly Uint8Array[] = readdirSync(folder)
  .filter((name) => name.endsWith('.onnx'))
  .map((name) => new Uint8Array(readFileSync(new URL(name, folder))));

/** A model with a few of its fields changed, or its bytes. */
export function onnxCase(random: Random): Uint8Array {
  const bytes = random.pick(models);
  if (random.oneIn(2)) return mutateBytes(bytes, random, 3);
  const model = fromBinary(ModelProtoSchema, bytes);
  for (let i = 1 + random.below(3); i > 0; i--) change(model, random);
  const changed = toBinary(ModelProtoSchema, model);
  return random.oneIn(4) ? mutateBytes(changed, random, 1) : changed;
}

function change(model: ModelProto, random: Random): void {
  const graph = model.graph!;
  const node = random.pick(graph.node);
  const tensor = random.pick(graph.initializer);
  if (!node || !tensor) return;
  const external = [
    {
      $typeName: 'onnx.StringStringEntryProto' as const,
      key: 'location',
      value: random.pick(['w.bin', '/etc/passwd', '*/_ORT_MEM_ADDR_/*']),
    },
  ];
  const changes: readonly (() => void)[] = [
    () => void node.input.splice(random.below(node.input.length), 1, random.pick(graph.node)?.output[0] ?? ''),
    () => void node.output.splice(0, 1, random.pick(graph.node)?.output[0] ?? ''),
    () => void node.input.push(node.output[0] ?? ''),
    () => {
      node.opType = random.pick(['Loop', 'If', 'Conv', 'Resize', 'Nothing', '', 'Upsample', 'Constant']);
    },
    () => {
      node.domain = random.pick(['com.microsoft', 'ai.onnx.ml', 'evil']);
    },
    () => void graph.node.splice(random.below(graph.node.length), 1),
    () => void graph.node.push(node),
    () => void graph.node.reverse(),
    () => {
      tensor.dims = random.pick([
        [],
        [0n],
        [-1n],
        [2n ** 40n],
        [2n ** 62n, 2n ** 62n],
        [1n, 2n, 3n],
        [BigInt(random.below(1000))],
      ]);
    },
    () => {
      tensor.dataType = random.below(24);
    },
    () => {
      tensor.rawData = tensor.rawData.subarray(0, random.below(tensor.rawData.length + 1));
    },
    () => {
      tensor.externalData = external;
      if (random.oneIn(2)) tensor.dataLocation = 1;
    },
    () => {
      tensor.name = random.pick(graph.initializer)?.name ?? '';
    },
    () => void graph.initializer.splice(random.below(graph.initializer.length), 1),
    () => {
      graph.output = random.oneIn(2) ? [] : [...graph.output, ...graph.output];
    },
    () => {
      graph.input = random.oneIn(2) ? [] : [...graph.input, ...graph.input];
    },
    () => {
      const attribute = random.pick(node.attribute);
      if (attribute) {
        attribute.ints = random.pick([[], [0n], [-1n, -1n, -1n], [2n ** 40n, 1n, 1n], [1n, 1n, 1n, 1n, 1n, 1n, 1n]]);
        attribute.i = random.pick([0n, -1n, 2n ** 40n]);
      }
    },
    () => {
      const attribute = random.pick(node.attribute);
      if (attribute) attribute.g = nested(1 + random.below(300));
    },
    () => {
      model.irVersion = random.pick([0n, 1n, 3n, 99n, -1n]);
    },
    () => void model.opsetImport.splice(0, 1),
    () => {
      for (const { version } of model.opsetImport)
        if (version > 0n) model.opsetImport[0]!.version = random.pick([0n, 1n, 5n, 99n]);
    },
    () => {
      const entry = {
        $typeName: 'onnx.StringStringEntryProto' as const,
        key: 'segcanary.mirror_axes',
        value: random.pick(['[0,1,2]', '[9]', '{', '', 'null', '[1e99]']),
      };
      model.metadataProps = [...model.metadataProps, entry];
    },
  ];
  random.pick(changes)();
}

/** ONNX: parsing, looking for the bottleneck, cutting, putting dropout in. onnxruntime is not asked. */
export const onnx: Target = {
  name: 'onnx',
  share: 0.12,
  limit: 5000,
  async run(random) {
    const bytes = onnxCase(random);
    const { graph } = parseModel(bytes, 'fuzz.onnx');
    if (Buffer.from(bytes).includes('/etc/passwd') && elsewhere(graph.initializer))
      throw new Wrong('weights in another file were let through');
    const tap = random.oneIn(2) ? suggestTap(graph) : (random.pick(random.pick(graph.node)?.output ?? ['']) ?? '');
    if (tap !== null) parseModel(cutAtTap(bytes, tap, 'fuzz.onnx'), 'cut.onnx');
    if (random.oneIn(2)) insertDropout(graph, 'fuzz.onnx');
    // Most of these models do not say.
    if (random.oneIn(4)) mirrorAxesOf(bytes, 'fuzz.onnx');
  },
};

/** Graphs within graphs, as the branches of an If. */
function nested(depth: number): GraphProto {
  let graph = create(GraphProtoSchema, { name: 'innermost' });
  for (let i = 0; i < depth; i++) {
    const attribute = create(AttributeProtoSchema, { name: 'then_branch', g: graph });
    graph = create(GraphProtoSchema, {
      name: 'g',
      node: [create(NodeProtoSchema, { opType: 'If', attribute: [attribute] })],
    });
  }
  return graph;
}

const elsewhere = (tensors: readonly { readonly externalData: readonly unknown[] }[]): boolean =>
  tensors.some(({ externalData }) => externalData.length > 0);
