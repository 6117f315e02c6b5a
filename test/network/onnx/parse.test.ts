import { toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ModelProtoSchema } from '../../../src/network/onnx/gen/onnx_pb.js';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { expectedModels, modelFile } from '../../support/models.js';
import { floats, node, onnxModel, value } from '../../support/onnx.js';

describe('an ONNX file', () => {
  it('comes back byte for byte', () => {
    for (const { name } of expectedModels) {
      const bytes = modelFile(name);
      expect(Buffer.from(toBinary(ModelProtoSchema, parseModel(bytes))).equals(bytes), name).toBe(true);
    }
  });

  it('is refused with a sentence when it is none', () => {
    const [gzip, text, empty] = [Buffer.from('1f8b0800000000000003', 'hex'), Buffer.from('{"a": 1}'), new Uint8Array()];
    const half = modelFile('monai').subarray(0, 20000);
    for (const bytes of [gzip, text, empty, half]) {
      expect(() => parseModel(bytes, 'net.onnx')).toThrow(
        expect.objectContaining({
          code: 'model-invalid',
          message: expect.stringMatching(/^net\.onnx: is not an ONNX model; .*\.$/),
        }),
      );
    }
  });

  it('is refused when its weights lie elsewhere, wherever it says so', () => {
    const external = { ...floats('w', [2], []), dataLocation: 1, externalData: [{ key: 'location', value: 'w.bin' }] };
    const io = { name: 'g', input: [value('x', [2])], output: [value('y', [2])] };
    const constant = { attribute: [{ name: 'value', type: 4, t: external }] };
    const sum = { ...io, node: [node('Add', ['x', 'x'], 'y')] };
    const sparse = { attribute: [{ name: 'sparse_value', type: 11, sparseTensor: { values: external } }] };
    const body = { name: 'then', node: [node('Constant', [], 'c', constant)] };
    const branch = { attribute: [{ name: 'then_branch', type: 5, g: body }] };
    for (const model of [
      onnxModel({ ...io, node: [node('Add', ['x', 'w'], 'y')], initializer: [external] }),
      onnxModel({ ...io, node: [node('Constant', [], 'c', constant), node('Add', ['x', 'c'], 'y')] }),
      onnxModel({ ...io, node: [node('Constant', [], 'c', sparse), node('Add', ['x', 'c'], 'y')] }),
      onnxModel({ ...io, node: [node('If', ['x'], 'y', branch)] }),
      onnxModel(sum, { functions: [{ name: 'f', domain: 'd', node: [node('Constant', [], 'c', constant)] }] }),
      onnxModel(sum, { trainingInfo: [{ algorithm: { name: 't', initializer: [external] } }] }),
    ]) {
      expect(() => parseModel(model, 'net.onnx')).toThrow(
        expect.objectContaining({ code: 'model-unsupported', message: expect.stringMatching(/save it in one file/) }),
      );
    }
  });
});

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
