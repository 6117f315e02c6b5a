import { toBinary } from '@bufbuild/protobuf';
import { afterAll, describe, expect, it } from 'vitest';
import { openEncoder } from '../../../src/network/encoder.js';
import { closeInference, openSession } from '../../../src/network/inference/session.js';
import { cutAtTap } from '../../../src/network/onnx/cut.js';
import { ModelProtoSchema } from '../../../src/network/onnx/gen/onnx_pb.js';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { deviation } from '../../support/close.js';
import { expectedModels, modelFile, oracleInput } from '../../support/models.js';

afterAll(closeInference);

const cuts = expectedModels.flatMap((model) =>
  model.taps.map((tap) => ({ model, tap, title: `${model.name}, ${tap.role}` })),
);

/**
 * The same tensor from the whole network: declared as one more output, everything else untouched.
 */
async function fromWholeModel(bytes: Uint8Array, tap: string, patch: readonly number[]): Promise<Float32Array> {
  const model = parseModel(bytes);
  if (!model.graph.output.some((o) => o.name === tap)) {
    model.graph.output.push({ $typeName: 'onnx.ValueInfoProto', name: tap, docString: '', metadataProps: [] });
  }
  const session = await openSession(toBinary(ModelProtoSchema, model));
  const results = await session.run({ input: { type: 'float32', dims: [1, ...patch], data: oracleInput(patch) } });
  return results[tap].data as Float32Array;
}

describe('a cut model', () => {
  it.each(cuts)(
    'computes what PyTorch, onnxruntime in Python and the whole model do: $title',
    async ({ model, tap }) => {
      const bytes = modelFile(model.name);
      for (const name of tap.names) {
        const cut = cutAtTap(bytes, name);
        const encoder = await openEncoder(cut);
        const { inputs, outputs } = await openSession(cut);
        expect([...inputs, ...outputs].map((value) => value.name)).toEqual(['input', name]);
        const { data, shape } = await encoder.encode(oracleInput(model.patch), model.patch);
        expect(shape).toEqual(tap.shape);
        const sample = tap.positions.map((at) => data[at]);
        expect(deviation(sample, tap.onnxruntime)).toBeLessThan(1e-6);
        expect(deviation(sample, tap.torch)).toBeLessThan(1e-5);
        expect(deviation(data, await fromWholeModel(bytes, name, model.patch))).toBeLessThan(1e-6);
      }
    },
  );

  it('has lost the decoder, nodes and weights, and only that', () => {
    for (const name of ['plain-11-fixed', 'plain-20-dynamic', 'resenc-17', 'unet-trilinear']) {
      const bytes = modelFile(name);
      const tap = expectedModels.find((m) => m.name === name)!.taps.find((t) => t.role === 'bottleneck')!.names[0];
      const cut = cutAtTap(bytes, tap);
      expect(cut.length).toBeLessThan(0.8 * bytes.length);
      const before = parseModel(bytes).graph;
      const { graph } = parseModel(cut);
      const names = [...graph.node.flatMap((n) => n.output), ...graph.initializer.map((t) => t.name)];
      expect(names.filter((n) => /decoder|seg_layers|\bup[12]|\bout[12]|head/.test(n))).toEqual([]);
      expect(graph.node.map((n) => n.opType)).not.toContain(name.startsWith('unet') ? 'Resize' : 'ConvTranspose');
      expect(graph.output.map((o) => o.name)).toEqual([tap]);
      // Every weight that is left is read, and every encoder weight is left.
      const read = new Set(graph.node.flatMap((n) => n.input));
      expect(graph.initializer.every((t) => read.has(t.name))).toBe(true);
      const encoderWeights = before.initializer.filter((t) => /^(encoder|down|bottom)/.test(t.name)).map((t) => t.name);
      expect(graph.initializer.map((t) => t.name)).toEqual(expect.arrayContaining(encoderWeights));
    }
  });

  it('has the same bytes every time, and is left alone by a second cut at the same tensor', () => {
    const bytes = modelFile('resenc-11');
    const tap = '/encoder/stages.2/blocks/blocks.1/conv2/all_modules/conv/Conv_output_0';
    const once = cutAtTap(bytes, tap);
    expect(Buffer.from(cutAtTap(bytes, tap)).equals(once)).toBe(true);
    expect(Buffer.from(cutAtTap(once, tap)).equals(once)).toBe(true);
  });

  it('at the output is the whole model', () => {
    for (const name of ['unet-transpose', 'nested']) {
      const bytes = modelFile(name);
      const cut = parseModel(cutAtTap(bytes, 'output')).graph;
      expect(cut.node).toEqual(parseModel(bytes).graph.node);
    }
  });

  it('refuses the input and the weights as taps', () => {
    const bytes = modelFile('plain-17-fixed');
    const weight = parseModel(bytes).graph.initializer[0].name;
    for (const tap of ['input', weight]) expect(() => cutAtTap(bytes, tap)).toThrow(/has no tensor/);
  });
});
