import { describe, expect, it } from 'vitest';
import { logitsOf } from '../../../src/network/onnx/logits.js';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { floats, node, onnxModel, value } from '../../support/onnx.js';

const graph = (ends: ReturnType<typeof node>[], outputs = ['y']) =>
  parseModel(
    onnxModel({
      name: 'g',
      node: [node('Conv', ['x', 'w'], 'a'), ...ends],
      initializer: [floats('w', [1, 1, 1, 1, 1], [1])],
      input: [value('x', [1, 1, 2, 2, 2])],
      output: outputs.map((name) => value(name, [1, 1, 2, 2, 2])),
    }),
  ).graph;

describe('logitsOf', () => {
  it('is the first output, or what goes into the softmax or sigmoid at its end', () => {
    expect(logitsOf(graph([node('Softmax', ['a'], 'y')]))).toBe('a');
    expect(logitsOf(graph([node('Sigmoid', ['a'], 'y')]))).toBe('a');
    expect(logitsOf(graph([node('Relu', ['a'], 'y')]))).toBe('y');
    expect(logitsOf(graph([node('Sigmoid', ['a'], 'b'), node('Mul', ['a', 'b'], 'y')]))).toBe('y');
    expect(logitsOf(graph([node('Softmax', ['a'], 'z')], ['a', 'z']))).toBe('a');
  });
});
