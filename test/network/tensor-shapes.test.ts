import { describe, expect, it } from 'vitest';
import { chooseTap, listTaps } from '../../src/network/taps.js';
import { tensorShapes } from '../../src/network/tensor-shapes.js';
import { floats, ints, node, onnxModel, value } from '../support/onnx.js';

describe('shapes of inner tensors', () => {
  it('that only a run can tell are told by one', async () => {
    // The shape of "tap" depends on the values of x: 0 times their maximum is added to it.
    const model = onnxModel({
      name: 'g',
      node: [
        node('Relu', ['x'], 'a'),
        node('ReduceMax', ['x'], 'max', { attribute: [{ name: 'keepdims', type: 2, i: 0n }] }),
        node('Mul', ['max', 'zero'], 'none'),
        node('Cast', ['none'], 'offset', { attribute: [{ name: 'to', type: 2, i: 7n }] }),
        node('Add', ['target', 'offset'], 'shape'),
        node('Reshape', ['a', 'shape'], 'tap'),
        node('Neg', ['tap'], 'y'),
      ],
      initializer: [floats('zero', [], [0]), ints('target', [5], [1, 2, 2, 4, 4])],
      input: [value('x', ['n', 1, 'z', 'y', 'x'])],
      output: [value('y', ['n', 2, 'z', 'y', 'x'])],
    });
    expect(await tensorShapes(model, ['a', 'tap'], [1, 4, 4, 4])).toEqual(
      new Map([
        ['a', { type: 'float32', dims: [1, 1, 4, 4, 4] }],
        ['tap', { type: 'float32', dims: [1, 2, 2, 4, 4] }],
      ]),
    );
  });

  it('are not asked of models with two inputs, another element type, a batch of their own', async () => {
    const graph = (input: ReturnType<typeof value>[], elemType = 1) =>
      onnxModel({
        name: 'g',
        node: [
          node(
            'Sum',
            input.map((i) => i.name),
            'a',
          ),
          node('Relu', ['a'], 'y'),
        ],
        input,
        output: [value('y', [1, 1, 4, 4, 4], elemType)],
      });
    const shape = [1, 4, 4, 4];
    const refusals: [Uint8Array, RegExp][] = [
      [graph([value('x', [1, ...shape]), value('z', [1, ...shape])]), /^m: takes 2 inputs \("x", "z"\)/],
      [graph([value('x', [1, ...shape], 10)], 10), /^m: its input "x" is float16; export the network in float32/],
      [graph([value('x', [1, ...shape], 99)]), /^m: its input "x" is of the unknown type 99; export/],
      [graph([value('x', [2, ...shape])]), /^m: was exported for batches of 2/],
    ];
    for (const [model, sentence] of refusals) {
      for (const attempt of [
        listTaps(model, shape, { name: 'm' }),
        chooseTap(model, { patchShape: shape, name: 'm', tap: 'a' }),
      ]) {
        await expect(attempt).rejects.toMatchObject({ code: 'model-unsupported' });
        await expect(attempt).rejects.toThrow(sentence);
      }
    }
    const huge = graph([value('x', [1, 1, 1e5, 1e5, 1e5])]);
    await expect(listTaps(huge, undefined, { name: 'm' })).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringMatching(/^m: takes patches of 1x100000x100000x100000 .*\.$/),
    });
  });
});
