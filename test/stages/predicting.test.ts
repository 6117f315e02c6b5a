import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Activation, LabelSlice, LogitSlice, Patch, Prediction } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import type { Segmenter } from '../../src/network/segmenter.js';
import { assemble } from '../../src/stages/assemble.js';
import { label } from '../../src/stages/label.js';
import { predict, tapped } from '../../src/stages/predict.js';
import { gridOf, scanOf } from '../support/grids.js';

async function collect<T>(chunks: Iterable<unknown>, ...stages: unknown[]): Promise<T[]> {
  const out: T[] = [];
  await pipeline([
    Readable.from(chunks, { objectMode: true }),
    ...stages,
    async (found: AsyncIterable<T>) => {
      for await (const chunk of found) out.push(chunk);
    },
  ] as never);
  return out;
}

const grid = gridOf(scanOf([1, 1, 6]));
/** Patches of 4 at 0 and 2. */
const tiling = layTiles(grid.shape, [1, 1, 4], 0.5);
const patches = (): Patch[] =>
  [0, 1].map((index) => ({
    grid,
    tiling,
    index,
    tile: [0, 0, index],
    data: ndarray(
      Float32Array.of(1, 2, 3, 4).map((v) => v + 10 * index),
      [1, 1, 1, 4],
    ),
  }));

/**
 * A network of two classes whose logits are the patch and its negative; it takes longer for the
 * first patch than for the second.
 */
const network: Pick<Segmenter, 'predict'> & { readonly asked: [number, readonly number[]][] } = {
  asked: [],
  async predict(data, shape, index = -1) {
    this.asked.push([index, shape]);
    await new Promise((resolve) => setTimeout(resolve, 10 * (1 - index)));
    return {
      logits: { data: Float32Array.of(...data, ...data.map((v) => -v)), shape: [2, 1, 1, 4] },
      activation: index === 0 ? { data: Float32Array.of(5, 6), shape: [2, 1, 1, 1] } : null,
      ...(index === 0 && { measured: Float32Array.of(7) }),
    };
  },
};

describe('predict', () => {
  it('gives logits and activations in the order of the patches, however long each takes', async () => {
    const found = await collect<Prediction>(patches(), predict({ segmenter: network }));
    expect(network.asked).toEqual([
      [0, [1, 1, 1, 4]],
      [1, [1, 1, 1, 4]],
    ]);
    expect(found.map(({ index, tile }) => [index, tile])).toEqual([
      [0, [0, 0, 0]],
      [1, [0, 0, 1]],
    ]);
    expect(found[1].logits.shape).toEqual([2, 1, 1, 4]);
    expect([...found[1].logits.data]).toEqual([11, 12, 13, 14, -11, -12, -13, -14]);
    expect(found.map(({ grid: g, tiling: t }) => g === grid && t === tiling)).toEqual([true, true]);
    expect(found[0].activation!.shape).toEqual([2, 1, 1, 1]);
    expect([...found[0].activation!.data]).toEqual([5, 6]);
    expect([found[1].activation, 'measured' in found[1]]).toEqual([null, false]);
    expect(found[0].measured).toEqual(Float32Array.of(7));
  });

  it('names the scan and the patch that fails', async () => {
    expect(() => predict({ segmenter: network, inFlight: 0 })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('has what is tapped go on alone', async () => {
    const found = await collect<Activation>(patches(), predict({ segmenter: network }), tapped());
    expect(found.map(({ index, data }) => [index, [...data.data], data.shape])).toEqual([[0, [5, 6], [2, 1, 1, 1]]]);
    expect(found[0]).toMatchObject({ grid, tiling, tile: [0, 0, 0], measured: Float32Array.of(7) });
    expect(found[0]).not.toHaveProperty('logits');
  });
});

describe('assemble', () => {
  it('is the mean of the patches over a voxel under nnU-Net’s Gaussian', async () => {
    const found = await collect<LogitSlice>(patches(), predict({ segmenter: network }), assemble());
    expect(found.map(({ grid: g, z, data }) => [g === grid, z, data.shape])).toEqual([[true, 0, [2, 1, 6]]]);
    // scipy.ndimage.gaussian_filter of a 1 at index 2 of 4, sigma 4/8, over its largest: exp(-2
    // i^2) at i = -2, -1, 0, 1 (nnunetv2 compute_gaussian).
    const w = [Math.exp(-8), Math.exp(-2), 1, Math.exp(-2)] as const;
    const over = (a: number, wa: number, b: number, wb: number) => (a * wa + b * wb) / (wa + wb);
    const expected = [1, 2, over(3, w[2], 11, w[0]), over(4, w[3], 12, w[1]), 13, 14];
    for (const [i, value] of [...expected, ...expected.map((v) => -v)].entries())
      expect(found[0].data.data[i]).toBeCloseTo(value, 2);
  });

  it('misses a patch that did not come', async () => {
    await expect(collect(patches().slice(0, 1), predict({ segmenter: network }), assemble())).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: the patches ended before 1 slices of logits were covered.',
    });
    expect(await collect([], assemble())).toEqual([]);
  });
});

describe('label', () => {
  const slice = (...values: number[]): LogitSlice => ({
    grid,
    tiling: layTiles(grid.shape, [1, 1, 1], 1),
    z: 3,
    data: ndarray(Float32Array.from(values), [2, 1, 2]),
  });
  const labels = async (segmentation: Parameters<typeof label>[0]['segmentation'], ...values: number[]) => {
    const [found] = await collect<LabelSlice>([slice(...values)], label({ segmentation }));
    expect(found).toMatchObject({ grid, z: 3 });
    expect(found!.data.shape).toEqual([1, 2]);
    return found!.data.data;
  };

  it('is the class of the largest logit, in 8 bits, or in 16 where nnU-Net takes them', async () => {
    const classes = { regionsClassOrder: null, averages: 'logits' } as const;
    expect(await labels({ ...classes, largestLabel: 1 }, 1, -1, 0, 2)).toEqual(Uint8Array.of(0, 1));
    expect(await labels({ ...classes, largestLabel: 254 }, 1, -1, 0, 2)).toEqual(Uint8Array.of(0, 1));
    // nnunetv2 export_prediction.py: uint8 if there are fewer than 255 foreground labels, else
    // uint16.
    expect(await labels({ ...classes, largestLabel: 255 }, 1, -1, 0, 2)).toEqual(Uint16Array.of(0, 1));
  });

  it('is the last region in the plan’s order that holds the voxel: above 0 of logits, above a half of probabilities', async () => {
    const regions = { regionsClassOrder: [3, 300], largestLabel: 300 };
    expect(await labels({ ...regions, averages: 'logits' }, 0.4, 0.4, 0.1, -1)).toEqual(Uint16Array.of(300, 3));
    expect(await labels({ ...regions, averages: 'probabilities' }, 0.6, 0.4, 0.1, 0.6)).toEqual(Uint16Array.of(3, 300));
  });
});
