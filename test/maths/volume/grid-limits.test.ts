import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice, Triple } from '../../../src/chunks.js';
import { maxPatchVoxels, refuseHugeGrid, refuseHugeWindow } from '../../../src/maths/volume/grid-limits.js';
import { patch } from '../../../src/stages/patch.js';
import { resample } from '../../../src/stages/resample.js';
import { spool } from '../../../src/stages/spool.js';
import type { Stage } from '../../../src/stages/stage.js';
import { gridOf, scanOf } from '../../support/grids.js';
import { pet, planOf } from '../../support/plans.js';
import { collect } from '../../support/streams.js';

const shape: Triple = [3, 4, 5];

function* slices(spacing: Triple): Generator<Slice> {
  const grid = gridOf({ ...scanOf(shape, 'case'), spacing }, { spacing });
  for (let z = 0; z < shape[0]; z++)
    yield { grid, z, data: ndarray(new Float32Array(20).fill(z + 1), [1, shape[1], shape[2]]) };
}

const run = (spacing: Triple, stage: Stage<Slice, unknown>) => collect(slices(spacing), stage);

const planFor = (spacing: Triple) => planOf({ spacing, cropToNonzero: false, channels: [pet] });

const refusal = {
  code: 'scan-unsuitable',
  message: expect.stringMatching(/^case: resampled from .* mm it would have .* voxels, which no scan has; check .*\.$/),
};

describe('grids that no machine holds are refused before anything is allocated', () => {
  it.each<[string, Triple, Triple]>([
    ['a huge spacing in the header', [1e30, 1, 1], [1, 1, 1]],
    ['a tiny spacing in the plan', [1, 1, 1], [1, 1e-30, 1]],
    ['both, whose quotient is infinite', [1, 1, 1e300], [1, 1, 1e-300]],
    ['an axis of a hundred thousand voxels', [1, 1, 20_000], [1, 1, 1]],
    ['a plane of a hundred million', [1, 2500, 2000], [1, 1, 1]],
    ['a grid of ten thousand million', [1000, 500, 400], [1, 1, 1]],
  ])('%s', async (_, found, wanted) => {
    const plan = planFor(wanted);
    await expect(run(found, resample({ plan }))).rejects.toMatchObject(refusal);
    await expect(run(found, spool({ plan }))).rejects.toMatchObject(refusal);
  });

  it.each<[string, Triple, number]>([
    ['patches of a thousand million voxels', [1e9, 1e9, 1], 0.5],
    ['one long patch', [1e9, 1, 1], 1],
    ['a patch as wide as no plane', [1, 2 ** 20, 2 ** 20], 0.5],
    ['a step of nothing', [1, 1, 1], 1e-9],
    ['a step that makes infinitely many', [1, 1, 1], 5e-324],
  ])('%s', async (_, patchSize, stepSize) => {
    await expect(run([1, 1, 1], patch({ patchSize, stepSize }))).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: expect.stringMatching(
        /^case: patches of .* voxels at steps of .*; check the voxel size in its header, and the patch and step size .*\.$/,
      ),
    });
  });
});

describe('the largest grid is just not refused', () => {
  const grid = (shape: Triple) => gridOf(scanOf(shape), { shape });
  it.each<[string, Triple, Triple, Triple]>([
    ['an axis of 2^16', [1, 1, 1], [2 ** 16, 1, 1], [2 ** 16 + 1, 1, 1]],
    ['a plane of 2^24', [1, 1, 1], [1, 2 ** 12, 2 ** 12], [1, 2 ** 12, 2 ** 12 + 1]],
    ['a plane that is resampled along x so far', [1, 2 ** 13, 1], [1, 1, 2 ** 11], [1, 1, 2 ** 11 + 1]],
    ['a plane that is resampled along y so far', [1, 1, 2 ** 13], [1, 2 ** 11, 1], [1, 2 ** 11 + 1, 1]],
    ['a grid of 2^32', [1, 1, 1], [2 ** 8, 2 ** 12, 2 ** 12], [2 ** 8 + 1, 2 ** 12, 2 ** 12]],
  ])('%s', (_, from, fits, more) => {
    expect(() => refuseHugeGrid(grid(from), grid(fits))).not.toThrow();
    expect(() => refuseHugeGrid(grid(from), grid(more))).toThrow(expect.objectContaining({ code: 'scan-unsuitable' }));
  });

  it('nor one that stays as it is, which somebody holds already', () => {
    const huge = grid([2 ** 20, 1, 1]);
    expect(() => refuseHugeGrid(huge, huge)).not.toThrow();
  });

  const long = gridOf(scanOf([2 ** 20, 1, 1]));
  it.each<[string, Parameters<typeof refuseHugeWindow>, Parameters<typeof refuseHugeWindow>]>([
    [
      'a patch of as many voxels as a plan may have',
      [grid([1, 1, 1]), [1, 1, maxPatchVoxels], 1],
      [grid([1, 1, 1]), [1, 1, maxPatchVoxels + 1], 1],
    ],
    [
      'a slab of 2^30 voxels in two channels',
      [gridOf(scanOf([8, 2 ** 13, 2 ** 13]), { channels: 2 }), [8, 64, 64], 1],
      [gridOf(scanOf([8, 2 ** 13, 2 ** 13]), { channels: 2 }), [9, 64, 64], 1],
    ],
    // 2^20 voxels and 64 patches along them; a patch shorter makes one more.
    ['2^26 weights along an axis', [long, [2 ** 14, 1, 1], 1], [long, [2 ** 14 - 1, 1, 1], 1]],
    ['2^24 patches', [grid([256, 256, 256]), [1, 1, 1], 1], [grid([257, 256, 256]), [1, 1, 1], 1]],
  ])('%s', (_, fits, more) => {
    expect(() => refuseHugeWindow(...fits)).not.toThrow();
    expect(() => refuseHugeWindow(...more)).toThrow(expect.objectContaining({ code: 'scan-unsuitable' }));
  });

  it('leaves a step that is none to who says so', () => {
    expect(() => refuseHugeWindow(grid([9, 9, 9]), [1, 1, 1], 0)).not.toThrow();
  });
});
