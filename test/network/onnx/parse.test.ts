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
