import { describe, expect, it } from 'vitest';
import type { Activation, Prediction } from '../../src/chunks.js';
import { predict, tapped } from '../../src/stages/predict.js';
import { collect } from '../support/streams.js';
import { grid, patches, slowFirst, tiling } from '../support/two-patches.js';

const network = slowFirst();

describe('predict', () => {
  it('gives logits and activations in the order of the patches, however long each takes', async () => {
    const found = await collect<Prediction>(patches(), predict({ predictor: network }));
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
    expect(() => predict({ predictor: network, inFlight: 0 })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('has what is tapped go on alone', async () => {
    const found = await collect<Activation>(patches(), predict({ predictor: network }), tapped());
    expect(found.map(({ index, data }) => [index, [...data.data], data.shape])).toEqual([[0, [5, 6], [2, 1, 1, 1]]]);
    expect(found[0]).toMatchObject({ grid, tiling, tile: [0, 0, 0], measured: Float32Array.of(7) });
    expect(found[0]).not.toHaveProperty('logits');
  });
});
