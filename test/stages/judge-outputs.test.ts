import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { LogitSlice } from '../../src/chunks.js';
import { maxSoftmax } from '../../src/detectors/outputs/max-softmax.js';
import type { OutputMethod } from '../../src/detectors/outputs/output-method.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import type { SubjectScore } from '../../src/results.js';
import { judgeOutputs } from '../../src/stages/judge-outputs.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([2, 1, 3]));
/** Six patches of one voxel. */
const tiling = layTiles(grid.shape, [1, 1, 1], 1);

/**
 * Logits of two passes of two classes: a slice whose plain pass says foreground, foreground,
 * background, and one that says background alone.
 */
const SLICES = [
  [0, 0, 2, 1, 3, -1, 9, 9, 9, 0, 0, 0],
  [1, 1, 1, 0, 0, 0, 9, 9, 9, 0, 0, 0],
];

const logits = (): LogitSlice[] =>
  SLICES.map((values, z) => ({ grid, tiling, z, data: ndarray(Float32Array.from(values), [4, 1, 3]) }));

const sampler = { heads: 2, layout: { plain: [0], dropout: [1], mirrors: [0, 1] } } as never;

/** 1 / (1 + e^|difference|), what the largest of two softmaxes leaves. */
const rest = (difference: number) => 1 / (1 + Math.exp(Math.abs(difference)));

describe('judge-outputs', () => {
  it('is the mean over all voxels of what the plain pass says', async () => {
    const judge = judgeOutputs({ method: maxSoftmax, sampler, regions: false, detector: 'sha256:0' });
    const found = await collect<SubjectScore>(logits(), judge);
    expect(found.length).toBe(1);
    expect(found[0]).toMatchObject({
      case: 'case',
      patches: 6,
      worstPatch: null,
      verdict: 'uncalibrated',
      detector: 'sha256:0',
    });
    expect(found[0].score).toBeCloseTo((rest(1) + rest(3) + rest(3) + 3 * rest(1)) / 6, 6);
  });

  it('shows a method the passes that it reads, and what the plain one predicts', async () => {
    const seen: unknown[] = [];
    const method = {
      ...maxSoftmax,
      passes: 'mirrors',
      meter: (context: unknown) => {
        seen.push(context);
        return {
          push: (passes: Float32Array[], { foreground }: { foreground: Uint8Array }) =>
            seen.push(
              passes.map((pass) => [...pass]),
              [...foreground],
            ),
          values: () => ({ mean: Number.NaN }),
        };
      },
    } as unknown as OutputMethod;
    await expect(collect(logits(), judgeOutputs({ method, sampler, regions: false }))).rejects.toMatchObject({
      code: 'inference-failed',
      message: /^case: the network gives NaN or infinity; /,
    });
    expect(seen).toEqual([
      { classes: 2, regions: false },
      [SLICES[0].slice(0, 6), SLICES[0].slice(6)],
      [1, 1, 0],
      [SLICES[1].slice(0, 6), SLICES[1].slice(6)],
      [0, 0, 0],
    ]);
  });

  it('needs a slice', async () => {
    const judge = judgeOutputs({ method: maxSoftmax, sampler, regions: false });
    await expect(collect([], judge)).rejects.toMatchObject({ code: 'truncated' });
  });
});
