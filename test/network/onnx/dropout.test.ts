import { expect, it } from 'vitest';
import { insertDropout } from '../../../src/network/onnx/dropout.js';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { floats, node, onnxModel, value } from '../../support/onnx.js';

it('dropout passes over a convolution whose weights have no channels', () => {
  const strides = { attribute: [{ name: 'strides', type: 7, ints: [2n, 2n, 2n] }] };
  const { graph } = parseModel(
    onnxModel({
      name: 'g',
      input: [value('x', [1, 1, 4, 4, 4])],
      output: [value('z', [1, 1, 4, 4, 4])],
      node: [
        node('Conv', ['x', 'scalar'], 'a'),
        node('Conv', ['a', 'w'], 'b'),
        node('ConvTranspose', ['b', 'w'], 'z', strides),
      ],
      initializer: [floats('scalar', [], [1]), floats('w', [3, 1, 1, 1, 1], [1, 1, 1])],
    }),
  );
  expect(insertDropout(graph, 'net.onnx')).toEqual([{ input: 'segcanary_dropout_0', channels: 3 }]);
});
