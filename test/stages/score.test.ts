import { describe, expect, it } from 'vitest';
import { layTiles } from '../../src/maths/window/tiling.js';
import type { SubjectScore } from '../../src/results.js';
import { aggregate } from '../../src/stages/aggregate.js';
import { score } from '../../src/stages/score.js';
import { distancesOf, gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

describe('score', () => {
  it('is the mean of the mask over the voxels of all slices, with the last slice’s worst patch', async () => {
    const long = gridOf(scanOf([12, 4, 4]));
    const tiling = layTiles(long.shape, [4, 4, 4], 1);
    const found = await collect<SubjectScore>(
      distancesOf(long, tiling, (i) => [3, 9, 6][i]),
      aggregate(),
      score(),
    );
    expect(found).toEqual([
      {
        case: 'case',
        score: 6,
        uncertainty: null,
        boundary: null,
        verdict: 'uncalibrated',
        pValue: null,
        patches: 3,
        worstPatch: { distance: 9, centre: [2, 2, 6] },
        warnings: [],
        detector: null,
      },
    ]);
  });

  it('is what the intensities say where that is more, asked when all patches have come', async () => {
    const long = gridOf(scanOf([12, 4, 4]));
    const tiling = layTiles(long.shape, [4, 4, 4], 1);
    const scoreBeside = async (intensities: number) => {
      const distances = distancesOf(long, tiling, (i) => [3, 9, 6][i]);
      const [found] = await collect<SubjectScore>(distances, aggregate(), score({ intensities: () => intensities }));
      return found.score;
    };
    expect([await scoreBeside(5), await scoreBeside(7)]).toEqual([6, 7]);
  });

  it('misses a patch that did not come, and a scan', async () => {
    const long = gridOf(scanOf([12, 4, 4]));
    const some = [...distancesOf(long, layTiles(long.shape, [4, 4, 4], 1), () => 1)].slice(0, 2);
    await expect(collect(some, aggregate(), score())).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: the distances ended before 4 slices of the mask were covered.',
    });
    await expect(collect([], aggregate(), score())).rejects.toMatchObject({
      code: 'truncated',
      message: 'The scan ended before a single patch could be scored.',
    });
  });
});
