import { afterAll, expect, it } from 'vitest';
import { averagePool, channelMeans } from '../../../src/maths/window/pool.js';
import { openEncoder } from '../../../src/network/encoder.js';
import { encoderStages } from '../../../src/network/encoder-stages.js';
import { closeInference } from '../../../src/network/inference/session.js';
import { cutAtTap } from '../../../src/network/onnx/cut.js';
import { patchFeatureLayout } from '../../../src/network/onnx/patch-features.js';
import { chooseTap } from '../../../src/network/taps.js';
import { deviation } from '../../support/close.js';
import { modelFile } from '../../support/models.js';

afterAll(closeInference);

it('lays stages before taps, and of a tap the pooled activation before the means', () => {
  const layout = patchFeatureLayout({
    stages: [{ channels: 8 }, { channels: 16 }],
    taps: [{ shape: [8, 4, 8, 8] }, { shape: [16, 2, 4, 4] }],
  });
  expect(layout).toEqual({
    stages: { from: 0, width: 24 },
    taps: [
      { pooled: { from: 24, width: 2048 }, means: { from: 2072, width: 8 } },
      { pooled: { from: 2080, width: 512 }, means: { from: 2592, width: 16 } },
    ],
  });
});

it('is where the graph puts them', async () => {
  const shape = [1, 32, 64, 64] as const;
  const onnx = modelFile('plain-17-dynamic');
  const stages = await encoderStages(onnx, shape, 'plain');
  const [first, second] = await Promise.all(
    stages.map(({ name }) => chooseTap(onnx, { patchShape: shape, tap: name })),
  );
  const input = Float32Array.from({ length: 32 * 64 * 64 }, (_, i) => Math.sin(i) + Math.cos(i / 77));
  const names = stages.map(({ name }) => name);
  const cut = cutAtTap(onnx, first.name, 'plain', { stages: names, taps: [second] });
  const { measured = new Float32Array(0) } = await (await openEncoder(cut)).encode(input.slice(), shape);
  const layout = patchFeatureLayout({ stages, taps: [second] });
  const at = ({ from, width }: { from: number; width: number }) => measured.subarray(from, from + width);
  const alone = async (name: string) => (await openEncoder(cutAtTap(onnx, name))).encode(input.slice(), shape);

  const { data } = await alone(second.name);
  expect(deviation(at(layout.taps[0].pooled), averagePool(data, second.shape))).toBeLessThan(1e-5);
  expect(deviation(at(layout.taps[0].means), channelMeans(data, second.shape[0]))).toBeLessThan(1e-5);
  const means: number[] = [];
  for (const { name, channels } of stages) means.push(...channelMeans((await alone(name)).data, channels));
  expect(deviation(at(layout.stages), Float32Array.from(means))).toBeLessThan(1e-5);
});
