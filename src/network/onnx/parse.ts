import { fromBinary } from '@bufbuild/protobuf';
import { SegcanaryError } from '../../errors.js';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type SparseTensorProto,
  type TensorProto,
  TensorProto_DataLocation,
} from './gen/onnx_pb.js';
import { computedScales } from './resize-scales.js';
import { subgraphsOf } from './subgraphs.js';

/** A model whose graph is there: what `parseModel` has checked. */
export type ParsedModel = ModelProto & { graph: GraphProto };

/**
 * Reads an ONNX file. Weights are views into `bytes`; fields that our onnx.proto does not know are
 * kept and written back.
 *
 * Weights in other files are refused wherever they are named, because onnxruntime would read
 * whatever path (or address, `_ORT_MEM_ADDR_`) a model gives it.
 *
 * @param name of the file, for messages
 * @throws SegcanaryError `model-invalid` for bytes that are not ONNX, `model-unsupported` when the
 *   weights lie in other files or a Resize takes its scales from the data
 */
export function parseModel(bytes: Uint8Array, name = 'the model'): ParsedModel {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw notOnnx(name, cause);
  }
  // Any text may happen to parse as protobuf: a model that can run has nodes, and the IR version
  // since the first release of ONNX.
  if (!model.graph || model.graph.node.length === 0 || model.irVersion === 0n) throw notOnnx(name);
  const parsed = model as ParsedModel;
  for (const tensor of allTensorsOf(parsed)) {
    if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0) {
      throw new SegcanaryError(
        'model-unsupported',
        `keeps the weights "${tensor.name}" in another file; save it in one file (onnx.save(model, path, save_as_external_data=False), or torch.onnx.export(…, external_data=False)).`,
        { subject: name },
      );
    }
  }
  const scales = computedScales(parsed);
  if (scales !== null) {
    throw new SegcanaryError(
      'model-unsupported',
      `resizes by scales that it computes from the data ("${scales}"), at which onnxruntime crashes; export it with fixed scales or with sizes.`,
      { subject: name },
    );
  }
  return parsed;
}

/**
 * The tensors of the graph, and of what a model may hold beside it: functions, and graphs for
 * training.
 */
function* allTensorsOf({ graph, functions, trainingInfo }: ParsedModel): Generator<TensorProto> {
  yield* tensorsOf(graph);
  for (const { node, attributeProto } of functions) yield* tensorsOfNodes([...node, { attribute: attributeProto }]);
  for (const { initialization, algorithm } of trainingInfo)
    for (const training of [initialization, algorithm]) if (training) yield* tensorsOf(training);
}

function* tensorsOf(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const sparse of graph.sparseInitializer) yield* partsOf(sparse);
  yield* tensorsOfNodes(graph.node);
}

function* tensorsOfNodes(nodes: readonly Pick<NodeProto, 'attribute'>[]): Generator<TensorProto> {
  for (const node of nodes) {
    for (const { t, tensors, sparseTensor, sparseTensors } of node.attribute) {
      if (t) yield t;
      yield* tensors;
      for (const sparse of sparseTensor ? [sparseTensor, ...sparseTensors] : sparseTensors) yield* partsOf(sparse);
    }
    for (const body of subgraphsOf(node)) yield* tensorsOf(body);
  }
}

const partsOf = ({ values, indices }: SparseTensorProto): TensorProto[] =>
  [values, indices].filter((tensor) => tensor !== undefined);

const notOnnx = (name: string, cause?: unknown) =>
  new SegcanaryError('model-invalid', 'is not an ONNX model; export the network with torch.onnx.export first.', {
    subject: name,
    cause,
  });
