import { describe, expect, it } from 'vitest';
import type { Embedding, PatchDistance, Tiling } from '../../src/chunks.js';
import { gaussian } from '../../src/detectors/gaussian.js';
import { mahalanobis } from '../../src/stages/mahalanobis.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([4, 4, 4], 'case_7'));
const tiling: Tiling = { patchSize: [4, 4, 4], padded: [4, 4, 4], before: [0, 0, 0], origins: [[0], [0], [0]] };
const embedding = (index: number, ...values: number[]): Embedding => ({
  grid,
  tiling,
  index,
  tile: [0, 0, 0],
  vector: Float32Array.from(values),
  channelMeans: new Float32Array(1),
});
const fitted = gaussian(Float64Array.of(1, 1), Float64Array.of(2, 0, 1, 3));

const run = (...embeddings: Embedding[]) => collect<PatchDistance>(embeddings, mahalanobis({ gaussian: fitted }));

describe('mahalanobis', () => {
  it('turns embeddings into squared distances, in place and order', async () => {
    expect(await run(embedding(0, 1, 1), embedding(1, 2, 3))).toEqual([
      { grid, tiling, index: 0, tile: [0, 0, 0], distance: 0 },
      { grid, tiling, index: 1, tile: [0, 0, 0], distance: 53 },
    ]);
  });

  it('refuses an embedding of another size', async () => {
    await expect(run(embedding(0, 1, 2, 3))).rejects.toThrow(
      expect.objectContaining({
        code: 'detector-invalid',
        message: expect.stringContaining('case_7: the encoder gives 3 features'),
      }),
    );
  });

  it('refuses NaN and infinity', async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(run(embedding(0, 1, 1), embedding(1, 1, bad))).rejects.toThrow(
        expect.objectContaining({
          code: 'inference-failed',
          message: expect.stringContaining('case_7: the network gives NaN or infinity for patch 1'),
        }),
      );
    }
  });
});
