import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice, Triple } from '../../src/chunks.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { type AffordOptions, afford } from '../../src/stages/afford.js';
import { gridOf, scanOf } from '../support/grids.js';
import { pet, planOf } from '../support/plans.js';
import { collect } from '../support/streams.js';

const shape: Triple = [6, 40, 40];

/** Slices of a scan, whose second one says that it was asked for. */
function* slices(spacing: Triple, taken: number[] = []): Generator<Slice> {
  const grid = gridOf({ ...scanOf(shape, 'case'), spacing }, { spacing });
  for (let z = 0; z < shape[0]; z++) {
    taken.push(z);
    yield { grid, z, data: ndarray(new Float32Array(1600), [1, 40, 40]) };
  }
}

const plan = planOf({ spacing: [1, 1, 1], patchSize: [4, 20, 20], cropToNonzero: false, channels: [pet] });
const window = { patchSize: plan.patchSize };
const run = (options: Partial<AffordOptions>, spacing: Triple = [1, 1, 1], taken?: number[]) =>
  collect<Slice>(slices(spacing, taken), afford({ plan, window, ...options }));

describe('a scan that takes more than is allowed', () => {
  it('passes as it is where it does not', async () => {
    expect((await run({ ahead: true })).map(({ z }) => z)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await run({ limits: { patches: 18 } })).toHaveLength(6);
    expect(await run({ window: undefined, limits: { patches: 1 } })).toHaveLength(6);
  });

  it('is refused at its first slice, by patches', async () => {
    const taken: number[] = [];
    await expect(run({ ahead: true, limits: { patches: 17 } }, [1, 1, 1], taken)).rejects.toMatchObject({
      code: 'limit-exceeded',
      option: 'limits.patches',
      message:
        'case: its 6 x 40 x 40 voxels of 1 x 1 x 1 mm take 18 patches, and 17 are allowed; check the voxel size in its header, and if it is right, raise the limit (`limits.patches`).',
    });
    // Two are under way between the source and the stage.
    expect(taken.length).toBeLessThan(4);
    await expect(run({}, [10, 20, 20])).rejects.toMatchObject({
      message: expect.stringMatching(
        /^case: its 6 x 40 x 40 voxels of 10 x 20 x 20 mm, resampled to 60 x 800 x 800, take 180989 patches, and 16384/,
      ),
    });
  });

  it('is refused by memory, of which there is no more than the machine has', async () => {
    await expect(run({ limits: { memory: 1e5 } })).rejects.toMatchObject({
      code: 'limit-exceeded',
      option: 'limits.memory',
      message: expect.stringMatching(/ take 0\.12\d* MB of memory, and 0\.100 MB are allowed; /),
    });
    const heavy = { window: { ...window, logits: 1e12 / 1600 } };
    await expect(run(heavy)).rejects.toMatchObject({ option: 'limits.memory' });
    expect(await run({ ...heavy, limits: { memory: Number.POSITIVE_INFINITY } })).toHaveLength(6);
    expect(DEFAULT_LIMITS.memory).toBe(2 ** 33);
  });

  it('is given eight times as much as long as a crop is to come', async () => {
    const cropping = { plan: { ...plan, cropToNonzero: true }, ahead: true };
    expect(await run({ ...cropping, limits: { patches: 3 } })).toHaveLength(6);
    await expect(run({ ...cropping, limits: { patches: 2 } })).rejects.toMatchObject({ option: 'limits.patches' });
    // Behind the crop it is what it is.
    await expect(run({ ...cropping, ahead: false, limits: { patches: 17 } })).rejects.toMatchObject({
      option: 'limits.patches',
    });
  });

  it('is told as what no scan has where that is so', async () => {
    await expect(run({}, [1e30, 1, 1])).rejects.toMatchObject({ code: 'scan-unsuitable' });
  });

  it('is seen on the axes that the plan turns', async () => {
    const turned = { plan: { ...plan, transposeForward: [2, 0, 1] as Triple }, ahead: true };
    // 40 x 6 x 40 under patches of 4 x 20 x 20: the scan's 6 slices lie within one patch.
    await expect(run({ ...turned, limits: { patches: 56 } })).rejects.toMatchObject({
      message: expect.stringMatching(/its 40 x 6 x 40 voxels .* take 57 patches/),
    });
  });
});
