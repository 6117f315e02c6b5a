import { describe, expect, it } from 'vitest';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { suggestTap } from '../../../src/network/taps.js';
import { floats, node, onnxModel, value } from '../../support/onnx.js';

const strided = { attribute: [{ name: 'strides', type: 7, ints: [2n, 2n, 2n] }] };
const conv = (from: string, to: string, more = {}) => node('Conv', [from, 'w'], to, more);
const up = (from: string, to: string) => node('ConvTranspose', [from, 'w'], to, strided);
const resize = (from: string, scales: string, to: string) => node('Resize', [from, '', scales], to);

/** What is suggested for a graph of these nodes from "x" to "y". */
function suggested(nodes: ReturnType<typeof node>[]): string | null {
  const bytes = onnxModel({
    name: 'g',
    node: nodes,
    initializer: [
      floats('w', [1, 1, 1, 1, 1], [1]),
      floats('narrow', [1, 2, 1, 1, 1], [1, 1]),
      floats('narrow3', [1, 2, 3, 1, 1], [1, 1, 1, 1, 1, 1]),
      floats('half', [5], [1, 1, 0.5, 0.5, 0.5]),
      floats('twice', [5], [1, 1, 2, 2, 2]),
    ],
    input: [value('x', [1, 1, 'z', 'y', 'x'])],
    output: [value('y', [1, 1, 'z', 'y', 'x'])],
  });
  return suggestTap(parseModel(bytes).graph);
}

describe('the bottleneck', () => {
  it('is the input of the first up-sampling, not of the second', () => {
    expect(suggested([conv('x', 'a', strided), conv('a', 'b', strided), up('b', 'c'), up('c', 'y')])).toBe('b');
  });

  it('is not before a convolution, nor at a Resize that makes things smaller', () => {
    expect(suggested([resize('x', 'twice', 'r'), conv('r', 'a', strided), resize('a', 'twice', 'y')])).toBe('a');
    expect(suggested([conv('x', 'a'), resize('a', 'half', 'b'), conv('b', 'c'), resize('c', 'twice', 'y')])).toBe('c');
    expect(suggested([conv('x', 'a'), resize('a', 'half', 'y')])).toBe(null);
  });

  it('is not at a transposed convolution without a stride', () => {
    expect(suggested([conv('x', 'a'), node('ConvTranspose', ['a', 'w'], 'y')])).toBe(null);
  });

  it('lies behind the most down-sampling where side branches come up early', () => {
    const early = [conv('x', 'a', strided), up('a', 'side'), conv('a', 'b', strided), up('b', 'c')];
    expect(suggested([...early, up('c', 'd'), node('Add', ['d', 'side'], 'y')])).toBe('b');
  });

  it('is what a gate is made from, not the gate', () => {
    const gate = [conv('x', 'a', strided), conv('a', 'b', strided), conv('b', 'gate'), resize('gate', 'twice', 'g')];
    expect(suggested([...gate, up('b', 'c'), node('Mul', ['c', 'g'], 'd'), up('d', 'y')])).toBe('b');
  });

  it('is the deepest block where a convolution of one voxel narrows it on the way up', () => {
    const way = (weights: string, more = {}) => [
      conv('x', 'a', strided),
      node('Conv', ['a', weights], 'b', more),
      node('InstanceNormalization', ['b', 's', 's'], 'c'),
      node('Relu', ['c'], 'd'),
    ];
    expect(suggested([...way('narrow'), up('d', 'y')])).toBe('a');
    // One that sees neighbours, keeps the channels or goes further down is of the encoder.
    expect(suggested([...way('narrow3'), up('d', 'y')])).toBe('d');
    expect(suggested([...way('w'), up('d', 'y')])).toBe('d');
    expect(suggested([...way('narrow', strided), up('d', 'y')])).toBe('d');
    // What is read elsewhere too (a residual) is not the end.
    expect(
      suggested([...way('narrow'), node('Add', ['d', 'a'], 'e'), up('d', 'f'), node('Add', ['e', 'f'], 'y')]),
    ).toBe('d');
  });

  it('is the deepest block where a skip is joined to it, but a dense block is one', () => {
    const encoder = [conv('x', 'a', strided), conv('a', 'b')];
    expect(suggested([...encoder, node('Concat', ['a', 'b'], 'ab'), up('ab', 'y')])).toBe('b');
    expect(suggested([...encoder, node('Concat', ['b', 'a'], 'ba'), up('ba', 'y')])).toBe('b');
    const dense = [...encoder, node('Concat', ['a', 'b'], 'ab'), conv('ab', 'c'), node('Concat', ['ab', 'c'], 'abc')];
    expect(suggested([...dense, up('abc', 'y')])).toBe('abc');
  });
});
