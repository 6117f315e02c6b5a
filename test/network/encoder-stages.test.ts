import { afterAll, describe, expect, it } from 'vitest';
import { averagePool, channelMeans } from '../../src/maths/window/pool.js';
import { openEncoder } from '../../src/network/encoder.js';
import { encoderStages } from '../../src/network/encoder-stages.js';
import { closeInference } from '../../src/network/inference/session.js';
import { cutAtTap } from '../../src/network/onnx/cut.js';
import { openSegmenter } from '../../src/network/segmenter.js';
import { chooseTap } from '../../src/network/taps.js';
import { deviation } from '../support/close.js';
import { expectedModels, modelFile, oracleInput } from '../support/models.js';

afterAll(closeInference);

describe('the stages of an encoder', () => {
  it.each(expectedModels.filter(({ taps }) => taps.some(({ role }) => role === 'bottleneck')))(
    '$name: end where the decoder reads, the bottleneck last, and their channel means come along',
    async ({ name, patch }) => {
      const bytes = modelFile(name);
      const stages = await encoderStages(bytes, patch, name);
      const tap = await chooseTap(bytes, { patchShape: patch });
      expect(stages.length).toBeGreaterThanOrEqual(2);
      expect(stages.at(-1)).toMatchObject({ name: tap.name, channels: tap.shape[0], shape: tap.shape.slice(1) });

      const encoder = await openEncoder(
        cutAtTap(bytes, tap.name, name, { groups: [{ measure: 'means', tensors: stages }] }),
      );
      const { data, measured } = await encoder.encode(oracleInput(patch), patch);
      expect(measured!.length).toBe(stages.reduce((sum, { channels }) => sum + channels, 0));
      let at = 0;
      for (const stage of stages) {
        const alone = await (await openEncoder(cutAtTap(bytes, stage.name))).encode(oracleInput(patch), patch);
        const means = channelMeans(alone.data, stage.channels);
        expect(deviation(measured!.subarray(at, at + stage.channels), means)).toBeLessThan(1e-5);
        at += stage.channels;
      }
      // The tap is what it is without them.
      const plain = await (await openEncoder(cutAtTap(bytes, tap.name))).encode(oracleInput(patch), patch);
      expect(deviation(data, plain.data)).toBeLessThan(1e-6);
      expect(plain.measured).toBeUndefined();
    },
  );

  it('further taps are pooled in the graph as they are outside of it', async () => {
    const shape = [1, 32, 64, 64] as const;
    const onnx = modelFile('plain-17-dynamic');
    const stages = await encoderStages(onnx, shape, 'plain');
    const taps = await Promise.all(stages.map(({ name }) => chooseTap(onnx, { patchShape: shape, tap: name })));
    // The first is pooled more than once, the last not at all.
    expect(taps.map(({ shape: s, pooledShape: p }) => s[1] / p[1])).toEqual(expect.arrayContaining([4, 1]));
    const input = Float32Array.from({ length: 32 * 64 * 64 }, (_, i) => Math.sin(i) + Math.cos(i / 77));
    const encoder = await openEncoder(cutAtTap(onnx, taps.at(-1)!.name, 'plain', { taps }));
    const { measured } = await encoder.encode(input.slice(), shape);
    let at = 0;
    for (const { name, d, shape: s } of taps) {
      const { data } = await (await openEncoder(cutAtTap(onnx, name))).encode(input.slice(), shape);
      expect(deviation(measured!.subarray(at, at + d), averagePool(data, s))).toBeLessThan(1e-5);
      expect(deviation(measured!.subarray(at + d, at + d + s[0]), channelMeans(data, s[0]))).toBeLessThan(1e-5);
      at += d + s[0];
    }
    expect(measured!.length).toBe(at);
  });

  it('come from the segmenter as from the encoder', async () => {
    const shape = [1, 8, 16, 16] as const;
    const onnx = modelFile('plain-17-fixed');
    const stages = await encoderStages(onnx, shape, 'plain');
    const groups = [{ measure: 'statistics', tensors: stages } as const];
    const { name: tap } = await chooseTap(onnx, { patchShape: shape });
    const segmenter = await openSegmenter([{ name: 'plain', onnx, tap, groups }], 2, { mirrorAxes: [1] });
    const encoder = await openEncoder(cutAtTap(onnx, tap, 'plain', { groups }));
    const { measured } = await segmenter.predict(oracleInput(shape), [...shape]);
    expect(deviation(measured!, (await encoder.encode(oracleInput(shape), shape)).measured!)).toBeLessThan(1e-5);
  });
});
