import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  TrainingInfoProtoSchema,
} from '../../../src/network/onnx/gen/onnx_pb.js';
import type { Dice } from '../../dice.js';
import { mutateBytes } from './bytes.js';
import { mutateProtobuf } from './protobuf.js';

/** Where smuggled weights would lie. No file that comes out of segcanary may hold it. */
export const elsewhere = 'segcanary-fuzz-elsewhere.bin';

/** A changed ONNX file, and whether weights in another file were put into it. */
export interface MutatedOnnx {
  readonly bytes: Uint8Array;
  readonly smuggled: boolean;
}

/**
 * Bytes that know nothing of the format, fields that know protobuf alone, or a graph that knows
 * what an operator is.
 */
export function mutateOnnx(bytes: Uint8Array, dice: Dice): MutatedOnnx {
  switch (dice.int(0, 3)) {
    case 0:
      return { bytes: mutateBytes(bytes, dice), smuggled: false };
    case 1:
      return { bytes: mutateProtobuf(bytes, dice), smuggled: false };
    default:
      return mutateGraph(bytes, dice);
  }
}

type Change = (model: ModelProto & { graph: GraphProto }, dice: Dice) => void;

/** One to three changes of the graph itself: what a hostile exporter would write. */
function mutateGraph(bytes: Uint8Array, dice: Dice): MutatedOnnx {
  const model = fromBinary(ModelProtoSchema, bytes) as ModelProto & { graph: GraphProto };
  for (let i = dice.int(1, 3); i > 0; i--) dice.pick(changes)(model, dice);
  const smuggled = dice.chance(0.2);
  if (smuggled) smuggle(model, dice);
  return { bytes: toBinary(ModelProtoSchema, model), smuggled };
}

const tensor = (more: MessageInitShape<typeof TensorProtoSchema> = {}) =>
  create(TensorProtoSchema, { name: 'w', dataType: 1, dims: [1n], floatData: [1], ...more });

const integers = [-1n, 0n, 1n, 2n, 3n, 64n, 2n ** 31n, 2n ** 32n, 2n ** 40n, 2n ** 62n, -(2n ** 63n)];

const changes: readonly Change[] = [
  function attributeValue({ graph }, dice) {
    const node = dice.pick(graph.node);
    const attribute = node.attribute.length > 0 ? dice.pick(node.attribute) : null;
    if (!attribute) return;
    if (attribute.ints.length > 0) attribute.ints[dice.int(0, attribute.ints.length - 1)] = dice.pick(integers);
    else attribute.i = dice.pick(integers);
    if (dice.chance(0.2))
      attribute.ints = dice.chance(0.5)
        ? []
        : Array.from({ length: dice.pick([1, 2, 7, 500]) }, () => dice.pick(integers));
    if (dice.chance(0.1)) attribute.f = dice.pick([0, -1, Number.NaN, 1e38]);
  },
  function tensorDims({ graph }, dice) {
    const weight = dice.pick(graph.initializer);
    if (!weight) return;
    if (dice.chance(0.5) && weight.dims.length > 0)
      weight.dims[dice.int(0, weight.dims.length - 1)] = dice.pick(integers);
    else weight.dims = Array.from({ length: dice.pick([0, 1, 2, 5, 60]) }, () => dice.pick(integers));
  },
  function tensorData({ graph }, dice) {
    const weight = dice.pick(graph.initializer);
    if (!weight) return;
    if (dice.chance(0.5)) weight.rawData = weight.rawData.slice(0, dice.int(0, weight.rawData.length));
    else weight.rawData = dice.bytes(dice.pick([0, 1, 3, 8, 64]));
  },
  function tensorType({ graph }, dice) {
    const weight = dice.pick(graph.initializer);
    if (weight) weight.dataType = dice.pick([0, 1, 2, 6, 7, 8, 9, 10, 11, 16, 22, 23, 99, -1]);
  },
  function operator({ graph }, dice) {
    const node = dice.pick(graph.node);
    node.opType = dice.pick([
      '',
      'Conv',
      'ConvTranspose',
      'Resize',
      'MaxPool',
      'AveragePool',
      'Concat',
      'Reshape',
      'If',
      'Loop',
      'Scan',
      'Expand',
      'Tile',
      'Pad',
      'Gather',
      'ConstantOfShape',
      'Range',
      'Upsample',
      'DepthToSpace',
      'NoSuchOp',
      'MatMul',
      'Split',
      'LSTM',
      'Einsum',
      'NonMaxSuppression',
      'StringNormalizer',
    ]);
    if (dice.chance(0.2)) node.domain = dice.pick(['com.microsoft', 'ai.onnx.ml', 'evil', 'com.microsoft.nchwc']);
  },
  function wiring({ graph }, dice) {
    const node = dice.pick(graph.node);
    const other = dice.pick(graph.node);
    const name = dice.pick([
      other.output[0] ?? '',
      other.input[0] ?? '',
      node.output[0] ?? '',
      '',
      'nowhere',
      '__proto__',
    ]);
    const side = dice.chance(0.7) ? node.input : node.output;
    const kind = dice.int(0, 3);
    if (kind === 0) side.splice(0, side.length);
    else if (kind === 1) side.push(name);
    else if (side.length > 0) side[dice.int(0, side.length - 1)] = name;
  },
  function order({ graph }, dice) {
    const from = dice.int(0, graph.node.length - 1);
    const [node] = graph.node.splice(from, 1);
    if (dice.chance(0.7)) graph.node.splice(dice.int(0, graph.node.length), 0, node!);
    if (graph.node.length === 0) graph.node.push(node!);
  },
  function doubled({ graph }, dice) {
    graph.node.push(dice.pick(graph.node));
    if (graph.initializer.length > 0 && dice.chance(0.5)) graph.initializer.push(dice.pick(graph.initializer));
    if (dice.chance(0.3)) graph.output.push(dice.pick(graph.output));
  },
  function inputType({ graph }, dice) {
    const value = dice.pick([...graph.input, ...graph.output])?.type?.value;
    if (value?.case !== 'tensorType') return;
    if (dice.chance(0.4)) value.value.elemType = dice.pick([0, 2, 7, 10, 11, 99, -5]);
    const dims = value.value.shape?.dim ?? [];
    if (dims.length === 0) return;
    const dim = dice.pick(dims);
    if (dice.chance(0.3)) dims.pop();
    else dim.value = { case: 'dimValue', value: dice.pick(integers) };
  },
  function nesting({ graph }, dice) {
    let body = create(GraphProtoSchema, {
      name: 'g',
      node: [create(NodeProtoSchema, { opType: 'Relu', input: ['x'], output: ['y'] })],
    });
    for (let depth = dice.pick([1, 5, 20, 32, 40, 200]); depth > 0; depth--) {
      const attribute = create(AttributeProtoSchema, { name: 'then_branch', type: 5, g: body });
      body = create(GraphProtoSchema, {
        name: 'g',
        node: [create(NodeProtoSchema, { opType: 'If', input: ['c'], output: ['y'], attribute: [attribute] })],
      });
    }
    graph.node.push(...body.node);
  },
  function functionChain(model, dice) {
    const length = dice.chance(0.02) ? 20_000 : dice.pick([1, 3, 100]);
    const call = (i: number) =>
      create(NodeProtoSchema, { opType: `f${i}`, domain: 'local', input: ['x'], output: ['y'] });
    for (let i = 0; i < length; i++)
      model.functions.push(
        create(FunctionProtoSchema, {
          name: `f${i}`,
          domain: 'local',
          input: ['x'],
          output: ['y'],
          node: [call((i + 1) % (length + (dice.chance(0.5) ? 1 : 0)))],
        }),
      );
    const node = dice.pick(model.graph.node);
    node.opType = 'f0';
    node.domain = 'local';
  },
  function opset(model, dice) {
    const entry = model.opsetImport[0];
    if (entry) entry.version = dice.pick([0n, 1n, 6n, 9n, 21n, 100n, -1n, 2n ** 40n]);
    if (dice.chance(0.3)) model.irVersion = dice.pick([0n, 1n, 3n, 99n, -1n]);
  },
  function metadata(model, dice) {
    const value = dice.pick([
      '[0,0,0]',
      '[3]',
      'null',
      '{}',
      `[${'0,'.repeat(40)}0]`,
      '['.repeat(20_000),
      '"x"',
      '[1e400]',
      '[0,1,2]',
    ]);
    model.metadataProps.push({
      $typeName: 'onnx.StringStringEntryProto',
      key: 'inference_allowed_mirroring_axes',
      value,
    });
  },
];

/** Weights in another file, in every place where a tensor may stand. */
function smuggle(model: ModelProto & { graph: GraphProto }, dice: Dice): void {
  const entry = { $typeName: 'onnx.StringStringEntryProto' as const, key: 'location', value: elsewhere };
  const external = tensor({ floatData: [], dataLocation: dice.chance(0.8) ? 1 : 0, externalData: [entry] });
  const attribute = dice.pick([
    create(AttributeProtoSchema, { name: 'value', type: 4, t: external }),
    create(AttributeProtoSchema, { name: 'value', type: 9, tensors: [external] }),
    create(AttributeProtoSchema, { name: 'value', type: 11, sparseTensor: { values: external, dims: [1n] } }),
    create(AttributeProtoSchema, { name: 'value', type: 12, sparseTensors: [{ indices: external, dims: [1n] }] }),
    create(AttributeProtoSchema, { name: 'body', type: 5, g: create(GraphProtoSchema, { initializer: [external] }) }),
    create(AttributeProtoSchema, {
      name: 'body',
      type: 10,
      graphs: [create(GraphProtoSchema, { initializer: [external] })],
    }),
  ]);
  const { graph } = model;
  switch (dice.int(0, 5)) {
    case 0:
      graph.initializer.push(external);
      break;
    case 1:
      graph.sparseInitializer.push({ $typeName: 'onnx.SparseTensorProto', values: external, dims: [1n] });
      break;
    case 2:
      dice.pick(graph.node).attribute.push(attribute);
      break;
    case 3:
      model.functions.push(
        create(FunctionProtoSchema, {
          name: 'f',
          domain: 'local',
          node: [create(NodeProtoSchema, { opType: 'Constant', output: ['y'], attribute: [attribute] })],
        }),
      );
      break;
    case 4:
      model.functions.push(create(FunctionProtoSchema, { name: 'f', domain: 'local', attributeProto: [attribute] }));
      break;
    default: {
      const training = create(GraphProtoSchema, { name: 't', initializer: [external] });
      model.trainingInfo.push(
        create(TrainingInfoProtoSchema, dice.chance(0.5) ? { initialization: training } : { algorithm: training }),
      );
    }
  }
}
