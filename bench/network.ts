import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type GraphProtoSchema, ModelProtoSchema, TensorProto_DataType } from '../src/network/onnx/gen/onnx_pb.js';

type Triple = readonly [z: number, y: number, x: number];
type Node = NonNullable<MessageInitShape<typeof GraphProtoSchema>['node']>[number];
type Weight = NonNullable<MessageInitShape<typeof GraphProtoSchema>['initializer']>[number];

export interface UnetOptions {
  /** Channels of each stage of the encoder, from the top. */
  readonly features: readonly number[];
  /** Stride into each stage along [z, y, x]; the first is [1, 1, 1]. */
  readonly strides: readonly Triple[];
  /** Kernel of each stage. @default [3, 3, 3] in all */
  readonly kernels?: readonly Triple[];
  /** Voxels of a patch. */
  readonly patch: Triple;
  /** @default 1 */
  readonly inChannels?: number;
  /** @default 2 */
  readonly classes?: number;
  /** @default 2 */
  readonly convsPerStage?: number;
  /** @default 1 */
  readonly seed?: number;
}

/**
 * A network of the shape of nnU-Net's PlainConvUNet as ONNX (opset 17), with seeded random weights:
 * Conv, InstanceNormalization, LeakyRelu in each stage, strided convolutions down, transposed
 * convolutions up, skips joined. Tensors are named as PyTorch's exporter names nnU-Net's.
 */
export function buildUnet(options: UnetOptions): Uint8Array {
  const { features, strides, patch, inChannels = 1, classes = 2, convsPerStage = 2, seed = 1 } = options;
  const kernels = options.kernels ?? features.map((): Triple => [3, 3, 3]);
  const graph = new Graph(seed);
  const block = (path: string, from: string, inputs: number, stage: number, stride: Triple): string => {
    let tensor = from;
    for (let i = 0; i < convsPerStage; i++) {
      const [step, channels] = i === 0 ? [stride, inputs] : [NO_STRIDE, features[stage]];
      tensor = graph.conv(`${path}/convs/convs.${i}`, tensor, channels, features[stage], kernels[stage], step);
    }
    return tensor;
  };
  const skips: string[] = [];
  let tensor = 'input';
  features.forEach((_, stage) => {
    const inputs = stage === 0 ? inChannels : features[stage - 1];
    tensor = block(`/encoder/stages.${stage}/stages.${stage}.0`, tensor, inputs, stage, strides[stage]);
    skips.push(tensor);
  });
  for (let stage = features.length - 2, up = 0; stage >= 0; stage--, up++) {
    const risen = graph.up(
      `/decoder/transpconvs.${up}`,
      tensor,
      features[stage + 1],
      features[stage],
      strides[stage + 1],
    );
    const joined = graph.add('Concat', [risen, skips[stage]], `/decoder/Concat_${up}_output_0`, [int('axis', 1)]);
    tensor = block(`/decoder/stages.${up}`, joined, 2 * features[stage], stage, NO_STRIDE);
  }
  graph.plainConv('/decoder/seg_layers', tensor, features[0], classes, 'output');
  return graph.serialise([1, inChannels, ...patch], [1, classes, ...patch]);
}

/**
 * The configuration that nnU-Net plans for chest CT at 5 x .74 x .74 mm: 7 stages, patch
 * [28,256,256]; encoder 338 GFLOP, whole 1060.
 */
export function nnunetShape(): Uint8Array {
  return buildUnet({
    features: [32, 64, 128, 256, 320, 320, 320],
    strides: [NO_STRIDE, [1, 2, 2], [1, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2], [1, 2, 2]],
    kernels: [[1, 3, 3], [1, 3, 3], ...Array.from({ length: 5 }, (): Triple => [3, 3, 3])],
    patch: [28, 256, 256],
  });
}

/** Its bottleneck. */
export const NNUNET_BOTTLENECK = '/encoder/stages.6/stages.6.0/convs/convs.1/LeakyRelu_output_0';

const NO_STRIDE: Triple = [1, 1, 1];
const int = (name: string, value: number) => ({ name, type: 2, i: BigInt(value) });
const ints = (name: string, values: readonly number[]) => ({ name, type: 7, ints: values.map(BigInt) });
const float = (name: string, value: number) => ({ name, type: 1, f: value });

class Graph {
  readonly #nodes: Node[] = [];
  readonly #weights: Weight[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  add(opType: string, input: string[], output: string, attribute: NonNullable<Node['attribute']>): string {
    this.#nodes.push({ opType, name: output.replace(/_output_0$/, ''), input, output: [output], attribute } as Node);
    return output;
  }

  conv(path: string, from: string, inputs: number, outputs: number, kernel: Triple, stride: Triple): string {
    const weights = [
      this.#uniform(`${path}.conv.weight`, [outputs, inputs, ...kernel], Math.sqrt(6 / (inputs * product(kernel)))),
      this.#uniform(`${path}.conv.bias`, [outputs], 0.1),
    ];
    const half = kernel.map((n) => (n - 1) / 2);
    const attributes = [ints('kernel_shape', kernel), ints('strides', stride), ints('pads', [...half, ...half])];
    const raw = this.add('Conv', [from, ...weights], `${path}/conv/Conv_output_0`, attributes);
    const affine = [
      this.#uniform(`${path}.norm.weight`, [outputs], 1),
      this.#uniform(`${path}.norm.bias`, [outputs], 0.1),
    ];
    const norm = this.add('InstanceNormalization', [raw, ...affine], `${path}/norm/InstanceNormalization_output_0`, [
      float('epsilon', 1e-5),
    ]);
    return this.add('LeakyRelu', [norm], `${path}/LeakyRelu_output_0`, [float('alpha', 0.01)]);
  }

  up(path: string, from: string, inputs: number, outputs: number, stride: Triple): string {
    const weight = this.#uniform(`${path}.weight`, [inputs, outputs, ...stride], Math.sqrt(3 / inputs));
    const attributes = [ints('kernel_shape', stride), ints('strides', stride)];
    return this.add('ConvTranspose', [from, weight], `${path}/ConvTranspose_output_0`, attributes);
  }

  plainConv(path: string, from: string, inputs: number, outputs: number, to: string): string {
    const weight = this.#uniform(`${path}.weight`, [outputs, inputs, 1, 1, 1], Math.sqrt(3 / inputs));
    return this.add('Conv', [from, weight], to, [ints('kernel_shape', NO_STRIDE)]);
  }

  serialise(inputDims: readonly number[], outputDims: readonly number[]): Uint8Array {
    const graph = {
      name: 'unet',
      node: this.#nodes,
      initializer: this.#weights,
      input: [value('input', inputDims)],
      output: [value('output', outputDims)],
    };
    const model = {
      irVersion: 8n,
      producerName: 'segcanary bench',
      opsetImport: [{ domain: '', version: 17n }],
      graph,
    };
    return toBinary(ModelProtoSchema, create(ModelProtoSchema, model as MessageInitShape<typeof ModelProtoSchema>));
  }

  /** Uniform in (-bound, bound), from a linear congruential generator. */
  #uniform(name: string, dims: readonly number[], bound: number): string {
    const data = new Float32Array(product(dims));
    let state = this.#state;
    for (let i = 0; i < data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      data[i] = (state / 2147483648) * bound;
    }
    this.#state = state;
    const rawData = new Uint8Array(data.buffer);
    this.#weights.push({ name, dims: dims.map(BigInt), dataType: TensorProto_DataType.FLOAT, rawData } as Weight);
    return name;
  }
}

const value = (name: string, dims: readonly number[]) => ({
  name,
  type: {
    value: {
      case: 'tensorType',
      value: {
        elemType: TensorProto_DataType.FLOAT,
        shape: { dim: dims.map((n) => ({ value: { case: 'dimValue', value: BigInt(n) } })) },
      },
    },
  },
});

const product = (factors: readonly number[]): number => factors.reduce((a, b) => a * b, 1);
