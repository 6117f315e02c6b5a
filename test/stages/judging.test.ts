import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { LogitSlice, Slice } from '../../src/chunks.js';
import type { Scorer } from '../../src/detectors/method.js';
import { maxSoftmax } from '../../src/detectors/outputs/max-softmax.js';
import type { OutputMethod } from '../../src/detectors/outputs/output-method.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import type { SubjectScore } from '../../src/results.js';
import { aggregate } from '../../src/stages/aggregate.js';
import { judgeIntensities } from '../../src/stages/judge-intensities.js';
import { judgeOutputs } from '../../src/stages/judge-outputs.js';
import { readOutputs } from '../../src/stages/read-outputs.js';
import { score } from '../../src/stages/score.js';
import { distancesOf, gridOf, scanOf } from '../support/grids.js';

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

const grid = gridOf(scanOf([2, 1, 3]));
/**
 * Logits of two passes of two classes: a slice whose plain pass says foreground, foreground,
 * background, and one that says background alone.
 */
const SLICES = [
  [0, 0, 2, 1, 3, -1, 9, 9, 9, 0, 0, 0],
  [1, 1, 1, 0, 0, 0, 9, 9, 9, 0, 0, 0],
];
const logits = (): LogitSlice[] =>
  SLICES.map((values, z) => ({ grid, z, data: ndarray(Float32Array.from(values), [4, 1, 3]) }));
const sampler = { heads: 2, layout: { plain: [0], dropout: [1], mirrors: [0, 1] } } as never;
/** 1 / (1 + e^|difference|), what the largest of two softmaxes leaves. */
const rest = (difference: number) => 1 / (1 + Math.exp(Math.abs(difference)));

describe('judge-outputs', () => {
  it('is the mean over all voxels of what the plain pass says', async () => {
    const judge = judgeOutputs({ method: maxSoftmax, sampler, regions: false, patches: () => 7, detector: 'sha256:0' });
    const found = await collect<SubjectScore>(logits(), judge);
    expect(found.length).toBe(1);
    expect(found[0]).toMatchObject({
      case: 'case',
      patches: 7,
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
    await expect(
      collect(logits(), judgeOutputs({ method, sampler, regions: false, patches: () => 1 })),
    ).rejects.toMatchObject({ code: 'inference-failed', message: /^case: the network gives NaN or infinity; / });
    expect(seen).toEqual([
      { classes: 2, regions: false },
      [SLICES[0].slice(0, 6), SLICES[0].slice(6)],
      [1, 1, 0],
      [SLICES[1].slice(0, 6), SLICES[1].slice(6)],
      [0, 0, 0],
    ]);
  });

  it('needs a slice', async () => {
    const judge = judgeOutputs({ method: maxSoftmax, sampler, regions: false, patches: () => 0 });
    await expect(collect([], judge)).rejects.toMatchObject({ code: 'truncated' });
  });
});

describe('read-outputs', () => {
  it('shows every meter its passes and hands the plain one on', async () => {
    const seen: [string, number[][], number[]][] = [];
    const masks: [number, number[]][] = [];
    const reading = (name: string, passes: number[]) => ({
      passes,
      meter: {
        push: (given: readonly Float32Array[], { foreground }: { foreground: Uint8Array }) =>
          seen.push([name, given.map((pass) => [...pass]), [...foreground]]),
        values: () => ({}),
      },
    });
    const stage = readOutputs({
      readings: [reading('plain', [0]), reading('both', [1, 0])] as never,
      heads: 2,
      onMask: (z, { interior }) => masks.push([z, [...interior]]),
    });
    const found = await collect<LogitSlice>(logits(), stage);
    expect(found.map(({ grid: g, z, data }) => [g === grid, z, data.shape, [...data.data]])).toEqual([
      [true, 0, [2, 1, 3], SLICES[0].slice(0, 6)],
      [true, 1, [2, 1, 3], SLICES[1].slice(0, 6)],
    ]);
    const [first, second] = SLICES.map((values) => [values.slice(0, 6), values.slice(6)]);
    expect(seen).toEqual([
      ['plain', [first![0]], [1, 1, 0]],
      ['both', [first![1], first![0]], [1, 1, 0]],
      ['plain', [second![0]], [0, 0, 0]],
      ['both', [second![1], second![0]], [0, 0, 0]],
    ]);
    // The second voxel borders on the background.
    expect(masks).toEqual([
      [0, [1, 0, 0]],
      [1, [0, 0, 0]],
    ]);
  });

  it('takes regions for regions', async () => {
    const masks: number[][] = [];
    const stage = readOutputs({
      readings: [],
      heads: 2,
      regions: true,
      onMask: (_, m) => masks.push([...m.foreground]),
    });
    await collect(logits(), stage);
    // Above 0 in either region.
    expect(masks).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });
});

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
        patches: 3,
        worstPatch: { distance: 9, centre: [2, 2, 6] },
        warnings: [],
        detector: null,
      },
    ]);
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
