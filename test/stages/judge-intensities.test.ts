import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice } from '../../src/chunks.js';
import type { Scorer } from '../../src/detectors/method.js';
import type { SubjectScore } from '../../src/results.js';
import { judgeIntensities } from '../../src/stages/judge-intensities.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([2, 1, 3]));

describe('judge-intensities', () => {
  const slices = (): Slice[] => [0, 1].map((z) => ({ grid, z, data: ndarray(Float32Array.of(-9, 0, 9), [1, 1, 3]) }));
  const scorer = (distance: (shares: Float32Array) => number): Scorer => ({ d: 150, distance });

  it('is the distance of the shares of all slices', async () => {
    // A third each: below the bins, in the bin from 0 on, above them.
    const third = Math.fround(1 / 3);
    const found = await collect<SubjectScore>(
      slices(),
      judgeIntensities({
        scorer: scorer((shares) => 100 * shares[0] + 10 * shares[75] + shares[149]),
        detector: 'd',
      }),
    );
    expect(found).toEqual([
      expect.objectContaining({ case: 'case', score: 111 * third, patches: 0, worstPatch: null, detector: 'd' }),
    ]);
  });

  it('says what it cannot judge', async () => {
    await expect(collect(slices(), judgeIntensities({ scorer: scorer(() => Number.NaN) }))).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: 'case: its intensities are not numbers; check the scan.',
    });
    await expect(collect([], judgeIntensities({ scorer: scorer(() => 1) }))).rejects.toMatchObject({
      code: 'truncated',
    });
  });
});
