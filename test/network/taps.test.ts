import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { encoderStages } from '../../src/network/encoder-stages.js';
import { closeInference } from '../../src/network/inference/session.js';
import { parseModel } from '../../src/network/onnx/parse.js';
import { chooseTap, listTaps, suggestTap } from '../../src/network/taps.js';
import { dataDir, dataFile } from '../support/data.js';
import { expectedModels, modelFile } from '../support/models.js';

afterAll(closeInference);

const withBottleneck = expectedModels.filter((m) => m.taps.some((t) => t.role === 'bottleneck'));

describe('the suggested tap', () => {
  it('is what PyTorch calls the last stage of the encoder, in every kind of network, opset 11 to 20', () => {
    expect(new Set(withBottleneck.map((m) => m.opset))).toEqual(new Set([11, 13, 14, 15, 16, 17, 20]));
    for (const { name, taps } of withBottleneck) {
      const { names } = taps.find((t) => t.role === 'bottleneck')!;
      expect(names, name).toContain(suggestTap(parseModel(modelFile(name)).graph));
    }
  });

  it.each(withBottleneck)('of $name ends the list, with the shape that PyTorch has', async ({ name, patch, taps }) => {
    const listed = await listTaps(modelFile(name), patch);
    expect(listed.filter((t) => t.suggested)).toEqual([listed.at(-1)]);
    for (const { role, names, shape } of taps) {
      const tap = listed.find((t) => names.includes(t.name));
      expect(tap?.shape, role).toEqual(shape);
      expect(tap!.d).toBe(tap!.pooledShape.reduce((a, b) => a * b, 1));
    }
  });

  it('is asked for in a network that has none, whose tensors are listed all the same', async () => {
    const flat = modelFile('flat');
    const refused = chooseTap(flat, { patchShape: [1, 8, 16, 16], name: 'flat.onnx' });
    await expect(refused).rejects.toMatchObject({ code: 'no-bottleneck' });
    await expect(refused).rejects.toThrow(/^flat\.onnx: has no bottleneck.*`tap`/);
    const listed = await listTaps(flat, [1, 8, 16, 16]);
    expect(listed.map((t) => t.op)).toEqual(['Conv', 'Relu', 'Conv', 'Relu', 'Conv', 'Relu', 'Conv']);
    expect(listed.some((t) => t.suggested)).toBe(false);
    const { name } = listed[3];
    expect(await chooseTap(flat, { patchShape: [1, 8, 16, 16], tap: name })).toEqual(listed[3]);
  });

  it.runIf(dataDir)('is asked for in MeshNet', async () => {
    const meshnet = readFileSync(dataFile('models/brainchop_meshnet5_gwm.onnx'));
    await expect(chooseTap(meshnet)).rejects.toMatchObject({ code: 'no-bottleneck' });
    const [first] = await listTaps(meshnet);
    expect(first).toMatchObject({ op: 'Conv', shape: [5, 256, 256, 256], pooledShape: [5, 8, 8, 8], d: 2560 });
  });
});

describe('a named tap', () => {
  const model = modelFile('plain-17-dynamic');
  const patchShape = [1, 8, 16, 16];

  it('may be a stage of the encoder, as the tables of an evaluation name them', async () => {
    const stages = await encoderStages(model, patchShape, 'm');
    for (const [i, { name }] of stages.entries())
      expect((await chooseTap(model, { patchShape, tap: `stage-${i + 1}` })).name).toBe(name);
    const last = await chooseTap(model, { patchShape, tap: `stage-${stages.length}` });
    expect(last).toEqual(await chooseTap(model, { patchShape }));
    const none = chooseTap(model, { patchShape, tap: 'stage-9', name: 'm.onnx' });
    await expect(none).rejects.toThrow(
      `m.onnx: has no stage-9: its encoder has stage-1 to stage-${stages.length} (segcanary taps lists its tensors).`,
    );
    const flat = chooseTap(modelFile('flat'), { patchShape, tap: 'stage-1', name: 'flat.onnx' });
    await expect(flat).rejects.toThrow(/^flat\.onnx: has no stage-1: nothing in it up-samples/);
  });

  it('may be the raw convolution that the released code taps', async () => {
    const tap = '/encoder/stages.2/stages.2.0/convs/convs.1/all_modules/conv/Conv_output_0';
    expect(await chooseTap(model, { patchShape, tap })).toMatchObject({
      name: tap,
      op: 'Conv',
      shape: [4, 4, 4, 4],
      suggested: false,
    });
  });

  it('may lie in the decoder', async () => {
    expect(await chooseTap(model, { patchShape, tap: 'output' })).toMatchObject({ shape: [2, 8, 16, 16] });
  });

  it('that is not there is answered with the nearest names', async () => {
    const refused = chooseTap(model, { patchShape, tap: 'encoder.stages.2.0.convs.1.conv', name: 'm.onnx' });
    await expect(refused).rejects.toMatchObject({ code: 'tap-not-found' });
    await expect(refused).rejects.toThrow(/nearest names are "\/encoder\/stages\.2\/stages\.2\.0\/convs\/convs\.1\//);
  });
});

describe('the patch', () => {
  it('comes from the model where its axes are fixed, and from nowhere where they are not', async () => {
    expect((await chooseTap(modelFile('plain-13-fixed'))).shape).toEqual([5, 2, 2, 2]);
    await expect(chooseTap(modelFile('plain-13-dynamic'), { name: 'm.onnx' })).rejects.toThrow(
      /^m\.onnx: leaves the size of its input open/,
    );
  });

  it.each([
    ['plain-13-fixed', [1, 16, 16, 16], /was exported for patches of 1x8x16x16 .*, the plan's are 1x16x16x16/],
    ['plain-13-dynamic', [2, 8, 16, 16], /was exported for patches of 1x\?x\?x\? .*, the plan's are 2x8x16x16/],
    ['plain-13-dynamic', [1, 16, 16], /takes 3-D patches \(input of rank 5\), the plan has 2-D ones/],
  ])('of the plan must be one that %s takes: %j', async (name, patchShape, sentence) => {
    const refused = chooseTap(modelFile(name), { patchShape });
    await expect(refused).rejects.toMatchObject({ code: 'model-unsupported' });
    await expect(refused).rejects.toThrow(sentence);
  });
});
