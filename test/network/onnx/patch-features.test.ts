import { afterAll, describe, expect, it } from 'vitest';
import { averagePool, channelMeans } from '../../../src/maths/window/pool.js';
import { openEncoder } from '../../../src/network/encoder.js';
import { encoderStages } from '../../../src/network/encoder-stages.js';
import { closeInference } from '../../../src/network/inference/session.js';
import { cutAtTap } from '../../../src/network/onnx/cut.js';
import { type MeasuredGroup, patchFeatureLayout, samplingSteps } from '../../../src/network/onnx/patch-features.js';
import { chooseTap } from '../../../src/network/taps.js';
import { deviation } from '../../support/close.js';
import { modelFile } from '../../support/models.js';

afterAll(closeInference);

it('lays groups before taps, and of a tap the pooled activation before the means', () => {
  const tensors = [
    { name: 'a', channels: 8 },
    { name: 'b', channels: 16 },
  ];
  const layout = patchFeatureLayout({
    groups: [
      { measure: 'means', tensors },
      { measure: 'statistics', tensors },
    ],
    taps: [
      { name: 'a', shape: [8, 4, 8, 8] },
      { name: 'b', shape: [16, 2, 4, 4] },
    ],
  });
  expect(layout).toEqual({
    groups: [
      { from: 0, width: 24 },
      { from: 24, width: 48 },
    ],
    taps: [
      { pooled: { from: 72, width: 2048 }, means: { from: 2120, width: 8 } },
      { pooled: { from: 2128, width: 512 }, means: { from: 2640, width: 16 } },
    ],
  });
});

describe('in the graph', () => {
  const shape = [1, 32, 64, 64] as const;
  const onnx = modelFile('plain-17-dynamic');
  const input = Float32Array.from({ length: 32 * 64 * 64 }, (_, i) => Math.sin(i) + Math.cos(i / 77));
  const alone = async (name: string) => (await openEncoder(cutAtTap(onnx, name))).encode(input.slice(), shape);

  it('everything is where the layout says', async () => {
    const stages = await encoderStages(onnx, shape, 'plain');
    const [first, second] = await Promise.all(
      stages.map(({ name }) => chooseTap(onnx, { patchShape: shape, tap: name })),
    );
    const convolutions = stages.map(({ convolution }) => convolution);
    const groups: MeasuredGroup[] = [
      { measure: 'means', tensors: stages },
      { measure: 'statistics', tensors: convolutions },
    ];
    const cut = cutAtTap(onnx, first.name, 'plain', { groups, taps: [second] });
    const { measured = new Float32Array(0) } = await (await openEncoder(cut)).encode(input.slice(), shape);
    const layout = patchFeatureLayout({ groups, taps: [second] });
    const at = ({ from, width }: { from: number; width: number }) => measured.subarray(from, from + width);

    const { data } = await alone(second.name);
    expect(deviation(at(layout.taps[0].pooled), averagePool(data, second.shape))).toBeLessThan(1e-5);
    expect(deviation(at(layout.taps[0].means), channelMeans(data, second.shape[0]))).toBeLessThan(1e-5);
    const means: number[] = [];
    for (const { name, channels } of stages) means.push(...channelMeans((await alone(name)).data, channels));
    expect(deviation(at(layout.groups[0]), Float32Array.from(means))).toBeLessThan(1e-5);
    const statistics: number[] = [];
    for (const { name, channels } of convolutions) statistics.push(...statisticsOf((await alone(name)).data, channels));
    expect(deviation(at(layout.groups[1]), Float32Array.from(statistics))).toBeLessThan(1e-4);
  });

  it('a patch of one value has a spread all the same, the smallest', async () => {
    const [{ convolutions }] = await encoderStages(onnx, shape, 'plain');
    // Behind the first one, padding makes the borders differ from the inside.
    const [convolution] = convolutions;
    const groups: MeasuredGroup[] = [{ measure: 'statistics', tensors: [convolution] }];
    const encoder = await openEncoder(cutAtTap(onnx, convolution.name, 'plain', { groups }));
    const { measured = new Float32Array(0) } = await encoder.encode(new Float32Array(input.length), shape);
    // A mean in float32 may miss the one value by a little, which is as nothing beside ln(1e-8) /
    // 2.
    const least = Math.log(1e-8) / 2;
    for (const spread of measured.subarray(convolution.channels)) {
      expect(spread).toBeGreaterThan(least - 1e-4);
      expect(spread).toBeLessThan(least + 1);
    }
  });

  it('a large tensor is sampled on a lattice', async () => {
    const large = [1, 64, 64, 64] as const;
    const [{ convolution }] = await encoderStages(onnx, large, 'plain');
    expect(samplingSteps(convolution.shape)).toEqual([2, 1, 1]);
    const groups: MeasuredGroup[] = [{ measure: 'statistics', tensors: [convolution] }];
    const encoder = await openEncoder(cutAtTap(onnx, convolution.name, 'plain', { groups }));
    const values = Float32Array.from({ length: 64 ** 3 }, (_, i) => Math.sin(i) + Math.cos(i / 77));
    const { data, measured = new Float32Array(0) } = await encoder.encode(values, large);
    const plane = 64 * 64;
    const even = data.filter((_, i) => Math.floor(i / plane) % 2 === 0);
    expect(deviation(measured, Float32Array.from(statisticsOf(even, convolution.channels)))).toBeLessThan(1e-4);
  });
});

it('samples as evenly as can be, and nothing that is small', () => {
  expect(samplingSteps([32, 64, 64])).toEqual([1, 1, 1]);
  expect(samplingSteps([128, 128, 128])).toEqual([4, 2, 2]);
  expect(samplingSteps([28, 256, 256])).toEqual([1, 4, 4]);
});

/** All means, then all logarithms of standard deviations. */
function statisticsOf(data: Float32Array, channels: number): number[] {
  const voxels = data.length / channels;
  const means = channelMeans(data, channels);
  const logs = Array.from(means, (mean, c) => {
    const own = data.subarray(c * voxels, (c + 1) * voxels);
    return Math.log(own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / voxels + 1e-8) / 2;
  });
  return [...means, ...logs];
}
