import { create, toBinary } from '@bufbuild/protobuf';
import type { Blas } from '../../maths/linalg/blas.js';
import { ModelProtoSchema, TensorProto_DataType } from '../onnx/gen/onnx_pb.js';
import type { InferenceOptions } from './options.js';
import { openSession } from './session.js';

/**
 * onnxruntime as a BLAS: a model of one MatMul node over float64, run in the inference worker. 60
 * to 110 GFLOP/s on two cores, against 1 to 3 in plain loops. Inputs are transferred to the worker,
 * as the interface allows.
 */
export async function openBlas(options: InferenceOptions = {}): Promise<Blas> {
  const session = await openSession(matMulModel(), options);
  return {
    async gemm(a, b, m, k, n) {
      const { c } = await session.run({
        a: { type: 'float64', dims: [m, k], data: a },
        b: { type: 'float64', dims: [k, n], data: b },
      });
      return c.data as Float64Array;
    },
  };
}

/** c = a b with every size left open. */
function matMulModel(): Uint8Array {
  const matrix = (name: string, rows: string, columns: string) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: TensorProto_DataType.DOUBLE,
          shape: { dim: [rows, columns].map((size) => ({ value: { case: 'dimParam' as const, value: size } })) },
        },
      },
    },
  });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 13n }],
      graph: {
        name: 'matmul',
        node: [{ opType: 'MatMul', input: ['a', 'b'], output: ['c'] }],
        input: [matrix('a', 'm', 'k'), matrix('b', 'k', 'n')],
        output: [matrix('c', 'm', 'n')],
      },
    }),
  );
}
