import { afterAll, describe, expect, it } from 'vitest';
import { type Encoder, encoderWhenOpen, openEncoder } from '../../src/network/encoder.js';
import { closeInference } from '../../src/network/inference/session.js';
import { cutAtTap } from '../../src/network/onnx/cut.js';
import { expectedModels, modelFile, oracleInput } from '../support/models.js';
import { node, onnxModel, value } from '../support/onnx.js';

afterAll(closeInference);

const bottleneck = (name: string) =>
  expectedModels.find((m) => m.name === name)!.taps.find((t) => t.role === 'bottleneck')!.names[0];
const encoderOf = (name: string) =>
  openEncoder(cutAtTap(modelFile(name), bottleneck(name)), { name: `${name}/encoder.onnx` });

describe('an encoder', () => {
  it('takes the buffer of a patch that owns it, and gives one that is its own', async () => {
    const encoder = await encoderOf('plain-17-dynamic');
    const patch = oracleInput([1, 8, 16, 16]);
    const part = new Float32Array(patch.length + 1);
    part.set(patch);
    const first = await encoder.encode(patch, [1, 8, 16, 16]);
    const second = await encoder.encode(part.subarray(0, -1), [1, 8, 16, 16]);
    expect(patch.length).toBe(0);
    expect(part.length).toBe(2049);
    expect(second).toEqual(first);
    expect(first.data.buffer.byteLength).toBe(4 * 40);
  });

  it('takes any size of patch where the axes are open', async () => {
    const encoder = await encoderOf('plain-17-dynamic');
    expect((await encoder.encode(oracleInput([1, 16, 16, 32]), [1, 16, 16, 32])).shape).toEqual([5, 4, 2, 4]);
  });

  it.each([
    ['plain-17-dynamic', [2, 8, 16, 16], /^plain-17-dynamic\/encoder\.onnx: takes 1 channel\(s\), the scan has 2; /],
    ['plain-two-channels', [1, 8, 16, 16], /takes 2 channel\(s\), the scan has 1; /],
    ['plain-17-fixed', [1, 8, 16, 32], /takes patches of 1x8x16x16 \(channels first\), not 1x8x16x32; /],
    ['plain-17-fixed', [1, 16, 16], /takes patches of 1x8x16x16 \(channels first\), not 1x16x16; /],
  ])('%s refuses a patch of %j with a sentence', async (name, shape, sentence) => {
    const refused = (await encoderOf(name)).encode(oracleInput(shape), shape);
    await expect(refused).rejects.toMatchObject({ code: 'scan-unsuitable' });
    await expect(refused).rejects.toThrow(sentence);
  });

  it('is not a model of float16, of two outputs, or none at all', async () => {
    const graph = (elemType: number, outputs: readonly string[]) =>
      onnxModel({
        name: 'g',
        node: outputs.map((output) => node('Abs', ['x'], output)),
        input: [value('x', [1, 1, 'z', 'y', 'x'], elemType)],
        output: outputs.map((output) => value(output, [1, 1, 'z', 'y', 'x'], elemType)),
      });
    const open = (model: Uint8Array) => openEncoder(model, { name: 'e.onnx' });
    await expect(open(graph(10, ['y']))).rejects.toThrow(
      /^e\.onnx: its tensor "x" is float16; export the network in float32/,
    );
    await expect(open(graph(1, ['y', 'z']))).rejects.toThrow(/^e\.onnx: has 1 inputs and 2 outputs/);
    await expect(open(new Uint8Array([1, 2, 3]))).rejects.toThrow(/^e\.onnx: is not an ONNX model/);
    const unknown = onnxModel({ name: 'g', node: [node('Nothing', ['x'], 'y')], input: [value('x', [1])], output: [] });
    await expect(open(unknown)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/^e\.onnx: onnxruntime refuses the model: /),
    });
  });
});

describe('an encoder that is still being opened', () => {
  it('has patches wait, and encodes them in order once it is open', async () => {
    let open!: (encoder: Encoder) => void;
    const early = encoderWhenOpen(
      new Promise<Encoder>((resolve) => {
        open = resolve;
      }),
    );
    const patches = [oracleInput([1, 8, 16, 16]), oracleInput([1, 8, 16, 16]).fill(1)];
    const waiting = Promise.all(patches.map((patch) => early.encode(patch, [1, 8, 16, 16])));
    expect(patches.map(({ length }) => length)).toEqual([2048, 2048]);
    const encoder = await encoderOf('plain-17-dynamic');
    open(encoder);
    await early.ready;
    expect(await waiting).toEqual([
      await encoder.encode(oracleInput([1, 8, 16, 16]), [1, 8, 16, 16]),
      await encoder.encode(oracleInput([1, 8, 16, 16]).fill(1), [1, 8, 16, 16]),
    ]);
  });

  it('tells every patch and whoever asks why it did not open, and nobody else', async () => {
    const early = encoderWhenOpen(openEncoder(new Uint8Array([1, 2, 3]), { name: 'e.onnx' }));
    const sentence = /^e\.onnx: is not an ONNX model/;
    // An unhandled rejection would end the test run by now.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(early.encode(oracleInput([1, 8, 16, 16]), [1, 8, 16, 16])).rejects.toThrow(sentence);
    await expect(early.ready).rejects.toThrow(sentence);
  });
});
