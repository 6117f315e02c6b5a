import { create, toBinary } from '@bufbuild/protobuf';
import { SegcanaryError } from '../errors.js';
import { maxPatchVoxels } from '../maths/volume/grid-limits.js';
import { naming, type Tensor, type TensorType, withPassingSession } from './inference/session.js';
import { keepOnly } from './onnx/cut.js';
import {
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx/gen/onnx_pb.js';
import { GraphIndex } from './onnx/graph.js';
import { parseModel } from './onnx/parse.js';

export interface TensorInfo {
  readonly type: TensorType;
  /** With the batch axis. */
  readonly dims: readonly number[];
}

/**
 * Element types and shapes of inner tensors for one patch. onnxruntime infers them from the input's
 * shape while it loads the part of the graph that makes them; where it cannot, that part is run
 * once.
 *
 * @param patchShape [c, z, y, x], checked against what the model says; by default what the model
 *   says
 * @throws SegcanaryError `model-unsupported` when the model does not take such a patch,
 *   `model-invalid` when onnxruntime refuses it
 */
export async function tensorShapes(
  model: Uint8Array,
  tensors: readonly string[],
  patchShape?: readonly number[],
  name = 'the model',
): Promise<Map<string, TensorInfo>> {
  const parsed = parseModel(model, name);
  const index = new GraphIndex(parsed.graph);
  keepOnly(parsed, index, tensors);
  const input = onlyInput(new GraphIndex(parsed.graph).inputs, name);
  const dims = inputShape(input, patchShape, name);
  fixShape(input, dims);
  // What the exporter declared about inner tensors may be stale or vague; onnxruntime then warns or
  // keeps the vague shape.
  parsed.graph.valueInfo = [];
  parsed.graph.output = tensors.map((tensor) => create(ValueInfoProtoSchema, { name: tensor }));
  const found = new Map<string, TensorInfo>();
  const vague = await withPassingSession(toBinary(ModelProtoSchema, parsed), ({ outputs }) => {
    const open: string[] = [];
    for (const { name: tensor, type, dims } of outputs) {
      if (dims.every((n) => typeof n === 'number')) found.set(tensor, { type, dims: dims as number[] });
      else open.push(tensor);
    }
    return open.map((tensor) => ({ tensor, type: outputs.find((o) => o.name === tensor)!.type }));
  }).catch(naming(name));
  if (vague.length === 0) return found;

  const shapeOf = (tensor: string) => `${tensor}/segcanary-shape`;
  parsed.graph.output = vague.map(({ tensor }) => {
    parsed.graph.node.push(create(NodeProtoSchema, { opType: 'Shape', input: [tensor], output: [shapeOf(tensor)] }));
    return create(ValueInfoProtoSchema, { name: shapeOf(tensor) });
  });
  const zeros: Tensor = { type: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)) };
  const shapes = await withPassingSession(toBinary(ModelProtoSchema, parsed), (session) =>
    session.run({ [input.name]: zeros }),
  ).catch(naming(name));
  for (const { tensor, type } of vague) {
    found.set(tensor, { type, dims: Array.from(shapes[shapeOf(tensor)].data as BigInt64Array, Number) });
  }
  return found;
}

/** @throws SegcanaryError `model-unsupported` unless there is one float32 input */
function onlyInput(inputs: readonly ValueInfoProto[], name: string): ValueInfoProto {
  const [input, another] = inputs;
  if (!input || another) {
    const names = inputs.map((i) => `"${i.name}"`).join(', ');
    throw new SegcanaryError(
      'model-unsupported',
      `takes ${inputs.length} inputs (${names}); segcanary feeds one tensor, the patch, with its channels on axis 1.`,
      { subject: name },
    );
  }
  const type = input.type?.value;
  if (type?.case !== 'tensorType' || type.value.elemType !== TensorProto_DataType.FLOAT) {
    const is =
      type?.case === 'tensorType'
        ? (TensorProto_DataType[type.value.elemType] ?? `of the unknown type ${type.value.elemType}`).toLowerCase()
        : 'no tensor';
    throw new SegcanaryError(
      'model-unsupported',
      `its input "${input.name}" is ${is}; export the network in float32.`,
      { subject: name },
    );
  }
  return input;
}

/** The input's shape for one patch, [1, c, z, y, x]. */
function inputShape(input: ValueInfoProto, patchShape: readonly number[] | undefined, name: string): number[] {
  const declared = declaredDims(input);
  const [batch, ...rest] = declared ?? [];
  const patch = patchShape ?? rest;
  if (patch.length === 0 || patch.some((n) => n === null)) {
    throw new SegcanaryError(
      'model-unsupported',
      'leaves the size of its input open; give the plan, which says how large a patch is.',
      { subject: name },
    );
  }
  if (declared && rest.length !== patch.length) {
    throw new SegcanaryError(
      'model-unsupported',
      `takes ${rest.length - 1}-D patches (input of rank ${declared.length}), the plan has ${patch.length - 1}-D ones; take the 3d_fullres network.`,
      { subject: name },
    );
  }
  if (batch !== undefined && batch !== null && batch !== 1) {
    throw new SegcanaryError(
      'model-unsupported',
      `was exported for batches of ${batch}; export it with a batch of 1 or a dynamic batch axis.`,
      { subject: name },
    );
  }
  if (declared && rest.some((n, axis) => n !== null && n !== patch[axis])) {
    throw new SegcanaryError(
      'model-unsupported',
      `was exported for patches of ${rest.map((n) => n ?? '?').join('x')} (channels first), the plan's are ${patch.join('x')}; export it with the plan's patch size or with dynamic axes.`,
      { subject: name },
    );
  }
  // It may have to be run once, on zeros.
  if ((patch as number[]).slice(1).reduce((a, n) => a * n, 1) > maxPatchVoxels) {
    throw new SegcanaryError(
      'model-unsupported',
      `takes patches of ${patch.join('x')} (channels first), which is more than ${maxPatchVoxels} voxels; export it with the patch size that it was trained on.`,
      { subject: name },
    );
  }
  return [1, ...(patch as number[])];
}

/** Null for an axis left open; null altogether for an input without a shape. */
function declaredDims(input: ValueInfoProto): (number | null)[] | null {
  const type = input.type?.value;
  if (type?.case !== 'tensorType' || !type.value.shape) return null;
  return type.value.shape.dim.map(({ value }) =>
    value.case === 'dimValue' && value.value > 0n ? Number(value.value) : null,
  );
}

function fixShape(input: ValueInfoProto, dims: readonly number[]): void {
  const type = input.type?.value;
  if (type?.case !== 'tensorType') return;
  type.value.shape = {
    $typeName: 'onnx.TensorShapeProto',
    dim: dims.map((n) => ({
      $typeName: 'onnx.TensorShapeProto.Dimension',
      denotation: '',
      value: { case: 'dimValue', value: BigInt(n) },
    })),
  };
}
