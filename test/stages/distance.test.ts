import { describe, expect, it } from 'vitest';
import type { Embedding, PatchDistance } from '../../src/chunks.js';
import type { PatchScorer } from '../../src/detectors/method.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { distance } from '../../src/stages/distance.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([4, 4, 4], 'case_7'));
const tiling = layTiles(grid.shape, [4, 4, 4], 1);
const embedding = (index: number, vector: number[], more: Partial<Embedding> = {}): Embedding => ({
  grid,
  tiling,
  index,
  tile: [0, 0, 0],
  vector: Float32Array.from(vector),
  channelMeans: Float32Array.of(100, 200),
  ...more,
});
/** The sum of two features. */
const sum: PatchScorer = { features: 'pooled', d: 2, least: 0, distance: (z) => z[0] + z[1] };

describe('distance', () => {
  it('gives a distance a patch, in place and order', async () => {
    const found = await collect<PatchDistance>([embedding(0, [1, 2]), embedding(1, [3, 4])], distance({ scorer: sum }));
    expect(found).toEqual([
      { grid, tiling, index: 0, tile: [0, 0, 0], distance: 3 },
      { grid, tiling, index: 1, tile: [0, 0, 0], distance: 7 },
    ]);
  });

  it('reads the features of its method', async () => {
    const means = distance({ scorer: { ...sum, features: 'channel-means' } });
    expect(await collect<PatchDistance>([embedding(0, [1, 2])], means)).toMatchObject([{ distance: 300 }]);
  });

  it('refuses other features than the detector was fitted on', async () => {
    await expect(collect([embedding(0, [1, 2, 3])], distance({ scorer: sum }))).rejects.toMatchObject({
      code: 'detector-invalid',
      message:
        'case_7: the encoder gives 3 features a patch, the detector was fitted on 2: it reads the pooled activation at its tap. Use the encoder that was saved with it, which openDetector and encoderOf open.',
    });
  });

  it('refuses what is no number, naming the patch', async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const patches = [embedding(0, [1, 1]), embedding(1, [1, bad])];
      await expect(collect(patches, distance({ scorer: sum }))).rejects.toMatchObject({
        code: 'inference-failed',
        message: 'case_7: the network gives NaN or infinity for patch 1; check the intensities of the scan.',
      });
    }
  });

  it('ends with its input', async () => {
    expect(await collect([], distance({ scorer: sum }))).toEqual([]);
  });
});
