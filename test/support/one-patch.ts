import { floats, node, onnxModel, value } from './onnx.js';

const strided = { attribute: [ints('strides', [2, 2, 2]), ints('kernel_shape', [2, 2, 2])] };

/**
 * A network of one patch of 8 x 8 x 8 that ends in a softmax: halved, given three channels, and
 * brought up again to two classes. The second class is where the input is above 0.
 */
export const onePatchNetwork = (): Uint8Array =>
  onnxModel({
    name: 'g',
    node: [
      node('Conv', ['x', 'down'], 'a', strided),
      node('LeakyRelu', ['a'], 'b'),
      node('ConvTranspose', ['b', 'up'], 'c', strided),
      node('Softmax', ['c'], 'y', { attribute: [{ name: 'axis', type: 2, i: 1n }] }),
    ],
    initializer: [
      floats(
        'down',
        [3, 1, 2, 2, 2],
        Array.from({ length: 24 }, (_, i) => (i < 8 ? 1 / 8 : Math.sin(i))),
      ),
      floats(
        'up',
        [3, 2, 2, 2, 2],
        Array.from({ length: 48 }, (_, i) => (i < 8 ? -5 : i < 16 ? 5 : 0)),
      ),
    ],
    input: [value('x', [1, 1, 8, 8, 8])],
    output: [value('y', [1, 2, 8, 8, 8])],
  });

function ints(name: string, values: readonly number[]) {
  return { name, type: 7, ints: values.map(BigInt) };
}

/** The plan of it: any scan, turned and resized, clipped, standardised and rescaled. */
export const onePatchPlan = {
  name: 'one-patch',
  patch_size: [8, 8, 8],
  resize_to: [8, 8, 8],
  orientation: 'LAI',
  transpose_forward: [2, 1, 0],
  resampling: { order: 1 },
  order: 'resample-first',
  normalization_schemes: ['ZScoreNormalization'],
  clip_percentiles: [[0.5, 99.5]],
  rescale_after_norm: [{ slope: 2, intercept: 0 }],
  labels: { background: 0, bright: 1 },
};
