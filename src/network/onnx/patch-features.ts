import { create } from '@bufbuild/protobuf';
import { pooledShape, poolingKernels } from '../../maths/window/pool.js';
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
  /** Ends of the encoder's stages (tensors), whose channel means are taken. */
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
 * The parts of what is measured, in their order: the channel means of every stage, one after
 * another, then of every tap its pooled activation (C order) and its channel means. Whoever writes
 * or reads them goes by this alone.
 */
function inOrder<S, T, P>(
  { stages, taps }: { readonly stages: readonly S[]; readonly taps: readonly T[] },
  part: { means(of: S | T): P; pooled(of: T): P },
): P[] {
  return [...stages.map(part.means), ...taps.flatMap((tap) => [part.pooled(tap), part.means(tap)])];
}

/** Where numbers lie among those that are measured of a patch. */
export interface FeatureRange {
  readonly from: number;
  readonly width: number;
}

/** Where everything lies that `addPatchFeatures` measures. */
export interface PatchFeatureLayout {
  /** The channel means of all stages. */
  readonly stages: FeatureRange;
  readonly taps: readonly { readonly pooled: FeatureRange; readonly means: FeatureRange }[];
}

/**
 * @param stages the encoder's stages whose means are taken
 * @param taps the further taps; shapes without the batch axis
 */
export function patchFeatureLayout(measured: {
  readonly stages: readonly { readonly channels: number }[];
  readonly taps: readonly { readonly shape: readonly number[] }[];
}): PatchFeatureLayout {
  const widths = inOrder<{ channels: number }, { shape: readonly number[] }, number>(measured, {
    means: (of) => ('channels' in of ? of.channels : of.shape[0]),
    pooled: ({ shape }) => pooledShape(shape).reduce((product, n) => product * n, 1),
  });
  let next = 0;
  const ranges = widths.map((width): FeatureRange => {
    next += width;
    return { from: next - width, width };
  });
  const count = measured.stages.length;
  const width = ranges.slice(0, count).reduce((sum, range) => sum + range.width, 0);
  return {
    stages: { from: 0, width },
    taps: measured.taps.map((_, i) => ({ pooled: ranges[count + 2 * i], means: ranges[count + 2 * i + 1] })),
  };
}

/**
 * Adds one output, in place, [1, s]: all that `patchFeatureLayout` places. A tensor of a million
 * numbers a patch is pooled where it is, and never leaves the worker.
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
  const parts = inOrder<{ name: string }, { name: string; shape: readonly number[] }, string>(
    { stages: stages.map((name) => ({ name })), taps },
    { means: ({ name }) => meansOf(name), pooled: ({ name, shape }) => add('Flatten', pooled(name, shape)) },
  );
  const axis = create(AttributeProtoSchema, { name: 'axis', type: AttributeProto_AttributeType.INT, i: 1n });
  graph.node.push(
    create(NodeProtoSchema, { opType: 'Concat', input: parts, output: [PATCH_FEATURES], attribute: [axis] }),
  );
  graph.output.push(create(ValueInfoProtoSchema, { name: PATCH_FEATURES }));
}

const integers = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: values.map(BigInt) });
