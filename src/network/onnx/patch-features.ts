import { create } from '@bufbuild/protobuf';
import { poolingKernels } from '../../maths/window/pool.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  NodeProtoSchema,
  ValueInfoProtoSchema,
} from './gen/onnx_pb.js';

/** Name of the output that `addPatchFeatures` adds. */
export const PATCH_FEATURES = 'segcanary_stage_means';

/** What is measured of a patch inside the graph, beside the tapped activation. */
export interface PatchFeatures {
  /** Tensors whose channel means are taken. */
  readonly stages?: readonly string[] | undefined;
  /**
   * Tensors that are pooled as `averagePool` does, and whose channel means are taken; their shapes
   * without the batch axis.
   */
  readonly taps?: readonly { readonly name: string; readonly shape: readonly number[] }[] | undefined;
}

/** Whether anything is measured. */
export const hasFeatures = ({ stages = [], taps = [] }: PatchFeatures): boolean => stages.length + taps.length > 0;

/**
 * Adds one output, in place, [1, s]: the channel means of every stage, one after another, then of
 * every tap its pooled activation (C order) and its channel means. A tensor of a million numbers a
 * patch is pooled where it is, and never leaves the worker.
 */
export function addPatchFeatures(graph: GraphProto, { stages = [], taps = [] }: PatchFeatures): void {
  let made = 0;
  const add = (opType: string, input: string, attribute: AttributeProto[] = []): string => {
    const output = `${PATCH_FEATURES}/${made++}`;
    graph.node.push(create(NodeProtoSchema, { opType, input: [input], output: [output], attribute }));
    return output;
  };
  const meansOf = (tensor: string) => add('Flatten', add('GlobalAveragePool', tensor));
  const pooled = (tensor: string, shape: readonly number[]) =>
    poolingKernels(shape).reduce(
      (now, kernel) => add('AveragePool', now, [integers('kernel_shape', kernel), integers('strides', kernel)]),
      tensor,
    );
  const parts = [
    ...stages.map(meansOf),
    ...taps.flatMap(({ name, shape }) => [add('Flatten', pooled(name, shape)), meansOf(name)]),
  ];
  const axis = create(AttributeProtoSchema, { name: 'axis', type: AttributeProto_AttributeType.INT, i: 1n });
  graph.node.push(
    create(NodeProtoSchema, { opType: 'Concat', input: parts, output: [PATCH_FEATURES], attribute: [axis] }),
  );
  graph.output.push(create(ValueInfoProtoSchema, { name: PATCH_FEATURES }));
}

const integers = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: values.map(BigInt) });
