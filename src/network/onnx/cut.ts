import { create, toBinary } from '@bufbuild/protobuf';
import { SegcanaryError } from '../../errors.js';
import { type FunctionProto, ModelProtoSchema, type NodeProto, ValueInfoProtoSchema } from './gen/onnx_pb.js';
import { GraphIndex } from './graph.js';
import { type ParsedModel, parseModel } from './parse.js';
import { addPatchFeatures, hasFeatures, PATCH_FEATURES, type PatchFeatures } from './patch-features.js';
import { subgraphsOf } from './subgraphs.js';

import { tapNotFound } from './tap-names.js';

/**
 * The model without anything that the tap does not need: the decoder's nodes and weights are gone,
 * and the tap is the only output.
 *
 * onnxruntime never prunes (asking for an inner output alone still runs the decoder), so it is the
 * graph that has to shrink. The same bytes and tap always give the same bytes.
 *
 * @param tap name of a tensor that depends on the input
 * @param name of the file, for messages
 * @param features what becomes a second output; nothing by default
 * @throws SegcanaryError `model-invalid`, `model-unsupported` (weights in other files),
 *   `tap-not-found`
 */
export function cutAtTap(model: Uint8Array, tap: string, name?: string, features: PatchFeatures = {}): Uint8Array {
  const parsed = parseModel(model, name);
  const index = new GraphIndex(parsed.graph);
  const producer = index.producer(tap);
  if (producer === undefined) throw tapNotFound(tap, index, name);
  if (!index.dependsOnInput(producer)) {
    throw new SegcanaryError('tap-not-found', `the tensor "${tap}" does not depend on the input; tap one that does.`, {
      subject: name ?? 'the model',
    });
  }
  if (!hasFeatures(features)) return toBinary(ModelProtoSchema, keepOnly(parsed, index, [tap]));
  addPatchFeatures(parsed.graph, features);
  return toBinary(ModelProtoSchema, keepOnly(parsed, new GraphIndex(parsed.graph), [tap, PATCH_FEATURES]));
}

/**
 * Deletes, in place, what none of these tensors is computed from, and declares them as the outputs.
 */
export function keepOnly(model: ParsedModel, index: GraphIndex, outputs: readonly string[]): ParsedModel {
  const { graph } = model;
  const { names, nodes } = index.backwardsFrom(outputs);
  const declared = new Map([...graph.valueInfo, ...graph.output].map((value) => [value.name, value]));
  graph.node = graph.node.filter((_, i) => nodes.has(i));
  graph.initializer = graph.initializer.filter((tensor) => names.has(tensor.name));
  graph.sparseInitializer = graph.sparseInitializer.filter((tensor) => names.has(tensor.values?.name ?? ''));
  graph.input = graph.input.filter((input) => names.has(input.name));
  // A tensor that is declared nowhere may be an output by its name alone: onnxruntime infers the
  // rest.
  graph.output = outputs.map((output) => declared.get(output) ?? create(ValueInfoProtoSchema, { name: output }));
  graph.valueInfo = graph.valueInfo.filter((value) => names.has(value.name) && !outputs.includes(value.name));
  graph.quantizationAnnotation = graph.quantizationAnnotation.filter((annotation) => names.has(annotation.tensorName));
  model.functions = calledFunctions(graph.node, model.functions);
  model.trainingInfo = [];
  return model;
}

/**
 * The model-local functions that nodes call, directly or through other functions, in the order of
 * the file.
 */
function calledFunctions(nodes: readonly NodeProto[], functions: readonly FunctionProto[]): FunctionProto[] {
  const byKey = new Map(functions.map((f) => [`${f.domain}\n${f.name}\n${f.overload}`, f]));
  const called = new Set<FunctionProto>();
  // A stack of its own: functions may call each other in a chain as long as the file.
  const open = [nodes];
  for (let body = open.pop(); body !== undefined; body = open.pop()) {
    for (const node of body) {
      const callee = byKey.get(`${node.domain}\n${node.opType}\n${node.overload}`);
      if (callee && !called.has(callee)) {
        called.add(callee);
        open.push(callee.node);
      }
      for (const inner of subgraphsOf(node)) open.push(inner.node);
    }
  }
  return functions.filter((f) => called.has(f));
}
