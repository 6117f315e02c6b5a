import { create } from '@bufbuild/protobuf';
import { pooledShape, poolingKernels } from '../../maths/window/pool.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from './gen/onnx_pb.js';

/** Name of the output that `addPatchFeatures` adds. */
export const PATCH_FEATURES = 'segcanary_stage_means';

/**
 * What is measured of every channel of a tensor [1, c, z, y, x]: its mean, or its mean and the
 * logarithm of its standard deviation.
 */
export type Measure = 'means' | 'statistics';

/** A tensor that is measured. */
export interface MeasuredTensor {
  readonly name: string;
  readonly channels: number;
  /** Voxels a channel along [z, y, x], of which large ones are sampled for their statistics. */
  readonly shape?: readonly number[] | undefined;
}

/** Tensors that are measured in the same way, one after another. */
export interface MeasuredGroup {
  readonly measure: Measure;
  readonly tensors: readonly MeasuredTensor[];
}

/** What is measured of a patch inside the graph, beside the tapped activation. */
export interface PatchFeatures {
  readonly groups?: readonly MeasuredGroup[] | undefined;
  /**
   * Tensors that are pooled as `averagePool` does, and whose channel means are taken; their shapes
   * without the batch axis.
   */
  readonly taps?: readonly { readonly name: string; readonly shape: readonly number[] }[] | undefined;
}

/** Whether anything is measured. */
export const hasFeatures = ({ groups = [], taps = [] }: PatchFeatures): boolean => groups.length + taps.length > 0;

/** How many numbers are measured of every channel. */
export const MEASURE_WIDTH: Readonly<Record<Measure, number>> = { means: 1, statistics: 2 };

/** Where numbers lie among those that are measured of a patch. */
export interface FeatureRange {
  readonly from: number;
  readonly width: number;
}

/** Where everything lies that `addPatchFeatures` measures. */
export interface PatchFeatureLayout {
  /** In the order of the groups. */
  readonly groups: readonly FeatureRange[];
  readonly taps: readonly { readonly pooled: FeatureRange; readonly means: FeatureRange }[];
}

/**
 * What is measured lies in the order of the groups and their tensors, then for every further tap
 * its pooled activation (C order) and its channel means. Of a tensor come all means first, then all
 * logarithms. Whoever writes or reads them goes by this alone.
 */
export function patchFeatureLayout({ groups = [], taps = [] }: PatchFeatures): PatchFeatureLayout {
  let next = 0;
  const range = (width: number): FeatureRange => {
    next += width;
    return { from: next - width, width };
  };
  return {
    groups: groups.map(({ measure, tensors }) =>
      range(tensors.reduce((sum, { channels }) => sum + MEASURE_WIDTH[measure] * channels, 0)),
    ),
    taps: taps.map(({ shape }) => ({
      pooled: range(pooledShape(shape).reduce((product, n) => product * n, 1)),
      means: range(shape[0]),
    })),
  };
}

/**
 * Statistics of a tensor of more voxels a channel than this are taken of every second voxel along
 * an axis, or of every fourth and so on: a hundred thousand voxels say as much of a mean and a
 * spread as millions do, and to read them all would take 6 % of the time of a patch of 28x256x256.
 */
const SAMPLED_VOXELS = 2 ** 17;

/** The smallest variance whose logarithm is taken: of a patch of one value, such as air. */
const LEAST_VARIANCE = 1e-8;

/**
 * Steps along [z, y, x] that leave at most `SAMPLED_VOXELS` voxels: doubled in turn where the most
 * are left, so that the voxels are as far apart along every axis as can be.
 */
export function samplingSteps(shape: readonly number[]): number[] {
  const steps = shape.map(() => 1);
  const left = () => shape.map((n, axis) => Math.ceil(n / steps[axis]));
  const voxels = () => left().reduce((product, n) => product * n, 1);
  while (voxels() > SAMPLED_VOXELS) {
    const counts = left();
    steps[counts.indexOf(Math.max(...counts))] *= 2;
  }
  return steps;
}

/**
 * Adds one output, in place, [1, s]: all that `patchFeatureLayout` places. A tensor of a million
 * numbers a patch is measured where it is, and never leaves the worker.
 *
 *   mean = sum x / n, variance = sum (x - mean)^2 / n, logarithm = ln(variance + 1e-8) / 2
 */
export function addPatchFeatures(graph: GraphProto, { groups = [], taps = [] }: PatchFeatures): void {
  let made = 0;
  const add = (opType: string, input: string[], attribute: AttributeProto[] = []): string => {
    const output = `${PATCH_FEATURES}/${made++}`;
    graph.node.push(create(NodeProtoSchema, { opType, input, output: [output], attribute }));
    return output;
  };
  const integersOf = (values: readonly number[]): string => {
    const name = `${PATCH_FEATURES}/${made++}`;
    const int64Data = values.map(BigInt);
    const dims = [BigInt(values.length)];
    graph.initializer.push(create(TensorProtoSchema, { name, dims, dataType: TensorProto_DataType.INT64, int64Data }));
    return name;
  };
  const number = (value: number): string => {
    const name = `${PATCH_FEATURES}/${made++}`;
    graph.initializer.push(
      create(TensorProtoSchema, { name, dims: [], dataType: TensorProto_DataType.FLOAT, floatData: [value] }),
    );
    return name;
  };
  const flat = (tensor: string) => add('Flatten', [tensor]);
  const mean = (tensor: string) => add('GlobalAveragePool', [tensor]);
  const sampled = (tensor: string, shape: readonly number[]): string => {
    const steps = samplingSteps(shape);
    if (steps.every((step) => step === 1)) return tensor;
    const starts = integersOf([0, 0, 0]);
    return add('Slice', [tensor, starts, integersOf(shape), integersOf([2, 3, 4]), integersOf(steps)]);
  };
  const statistics = ({ name, shape = [] }: MeasuredTensor): string[] => {
    const tensor = sampled(name, shape);
    const centre = mean(tensor);
    const offset = add('Sub', [tensor, centre]);
    const variance = mean(add('Mul', [offset, offset]));
    const logarithm = add('Log', [add('Add', [variance, number(LEAST_VARIANCE)])]);
    return [flat(centre), flat(add('Mul', [logarithm, number(0.5)]))];
  };
  const pooled = (tensor: string, shape: readonly number[]) =>
    poolingKernels(shape).reduce(
      (now, kernel) => add('AveragePool', [now], [integers('kernel_shape', kernel), integers('strides', kernel)]),
      tensor,
    );
  const parts = [
    ...groups.flatMap(({ measure, tensors }) =>
      tensors.flatMap((tensor) => (measure === 'means' ? [flat(mean(tensor.name))] : statistics(tensor))),
    ),
    ...taps.flatMap(({ name, shape }) => [flat(pooled(name, shape)), flat(mean(name))]),
  ];
  const axis = create(AttributeProtoSchema, { name: 'axis', type: AttributeProto_AttributeType.INT, i: 1n });
  graph.node.push(
    create(NodeProtoSchema, { opType: 'Concat', input: parts, output: [PATCH_FEATURES], attribute: [axis] }),
  );
  graph.output.push(create(ValueInfoProtoSchema, { name: PATCH_FEATURES }));
}

const integers = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: values.map(BigInt) });
