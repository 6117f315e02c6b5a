import { describe, expect, it } from 'vitest';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { floats, node, onnxModel, value } from '../../support/onnx.js';

describe('scales of a Resize', () => {
  const io = { name: 'g', input: [value('x', [1, 1, 4, 4, 4])], output: [value('y', ['a', 'b', 'c', 'd', 'e'])] };
  const opset = (version: bigint) => ({
    opsetImport: [{ $typeName: 'onnx.OperatorSetIdProto' as const, domain: '', version }],
  });

  it.each([
    ['the data itself', onnxModel({ ...io, node: [node('Relu', ['x'], 's'), node('Resize', ['x', '', 's'], 'y')] })],
    [
      'a list as long as the shape says',
      onnxModel({
        ...io,
        node: [node('Shape', ['x'], 'h'), node('ConstantOfShape', ['h'], 's'), node('Resize', ['x', '', 's'], 'y')],
      }),
    ],
    [
      'the data, of an Upsample',
      onnxModel({ ...io, node: [node('Relu', ['x'], 's'), node('Upsample', ['x', 's'], 'y')] }, opset(9n)),
    ],
    [
      'the parameter of a function',
      onnxModel(
        { ...io, node: [node('F', ['x', 'x'], 'y', { domain: 'local' })] },
        {
          functions: [
            {
              name: 'F',
              domain: 'local',
              input: ['a', 's'],
              output: ['b'],
              node: [node('Resize', ['a', '', 's'], 'b')],
            },
          ] as never,
        },
      ),
    ],
  ])('are refused where they are %s: onnxruntime would smash its stack', (_, model) => {
    expect(() => parseModel(model, 'net.onnx')).toThrow(
      expect.objectContaining({
        code: 'model-unsupported',
        message: expect.stringMatching(/^net\.onnx: resizes by scales .*\.$/),
      }),
    );
  });

  it('may be constants, in the graph around too, and quotients of shapes', () => {
    const scales = floats('s', [5], [1, 1, 2, 2, 2]);
    const body = {
      name: 'b',
      node: [node('Resize', ['x', '', 's'], 'z')],
      output: [value('z', ['a', 'b', 'c', 'd', 'e'])],
    };
    const branch = { attribute: [{ name: 'then_branch', type: 5, g: body }] };
    for (const nodes of [
      [node('Resize', ['x', '', 's'], 'y')],
      [node('If', ['s'], 'y', branch)],
      [
        node('Shape', ['x'], 'h'),
        node('Cast', ['h'], 'f'),
        node('Div', ['f', 's'], 'q'),
        node('Resize', ['x', '', 'q'], 'y'),
      ],
    ])
      expect(() => parseModel(onnxModel({ ...io, node: nodes, initializer: [scales] }))).not.toThrow();
  });
});
