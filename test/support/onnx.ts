import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type GraphProtoSchema, ModelProtoSchema } from '../../src/network/onnx/gen/onnx_pb.js';

type Graph = MessageInitShape<typeof GraphProtoSchema>;
type Model = MessageInitShape<typeof ModelProtoSchema>;

/** A model written node by node. */
export function onnxModel(graph: Graph, more: Model = {}): Uint8Array {
  const model = { irVersion: 8n, opsetImport: [{ domain: '', version: 17n }], graph, ...more };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, model as Model));
}

/**
 * A tensor's declaration; a string leaves the axis open. 1 is float32, 7 int64, 9 bool, 10 float16,
 * 11 float64.
 */
export const value = (name: string, dims: readonly (number | string)[], elemType = 1) => ({
  name,
  type: {
    value: {
      case: 'tensorType' as const,
      value: {
        elemType,
        shape: {
          dim: dims.map((n) =>
            typeof n === 'number'
              ? { value: { case: 'dimValue' as const, value: BigInt(n) } }
              : { value: { case: 'dimParam' as const, value: n } },
          ),
        },
      },
    },
  },
});

/** A float32 weight. */
export const floats = (name: string, dims: readonly number[], data: readonly number[]) => ({
  name,
  dataType: 1,
  dims: dims.map(BigInt),
  floatData: [...data],
});

/** An int64 weight. */
export const ints = (name: string, dims: readonly number[], data: readonly number[]) => ({
  name,
  dataType: 7,
  dims: dims.map(BigInt),
  int64Data: data.map(BigInt),
});

/** A node with one output. */
export const node = (opType: string, input: readonly string[], output: string, more: object = {}) => ({
  opType,
  input: [...input],
  output: [output],
  ...more,
});
