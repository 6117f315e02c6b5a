import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PatchDistance } from '../../src/chunks.js';
import { calibrate } from '../../src/detectors/calibration.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import type { SubjectScore } from '../../src/results.js';
import { aggregate } from '../../src/stages/aggregate.js';
import { Decided, decide } from '../../src/stages/decide.js';
import { observe } from '../../src/stages/observe.js';
import { score } from '../../src/stages/score.js';
import { anyGrid, distancesOf, gridOf, scanOf } from '../support/grids.js';
import { drain } from '../support/streams.js';

const boundaryAt = (boundary: number) => calibrate([{ case: 'a', score: boundary }]);

/** What the pipeline makes of distances, with and without `decide`. */
async function judge(distances: readonly PatchDistance[], boundary: number, early: boolean, least = 0) {
  let result: SubjectScore | null = null;
  const calibration = boundaryAt(boundary);
  const keep = observe<SubjectScore>((s) => {
    result = s;
  });
  const stages = [...(early ? [decide({ calibration, least })] : []), aggregate(), score({ calibration }), keep];
  try {
    await pipeline([Readable.from(distances), ...stages, drain] as unknown as readonly NodeJS.ReadWriteStream[]);
  } catch (error) {
    if (error instanceof Decided) return error.verdict;
    throw error;
  }
  return result as unknown as SubjectScore;
}

/** Distances of every size, many of them 0, so that the sum may be whole long before the end. */
const drawnDistances = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e6, noNaN: true })), {
  minLength: 20,
  maxLength: 20,
});
/** Boundaries far from the score, and as near as numbers can be. */
const shares = fc.oneof(
  fc.double({ min: 0.3, max: 1.5, noNaN: true }),
  fc.constantFrom(1, 1 + 2 ** -52, 1 - 2 ** -53, 1 - 1e-15, 1 - 1e-13, 1 - 1e-11),
);

describe('decide', () => {
  it('has the verdict of the whole scan, and a bound that the score reaches, on any grid', async () => {
    const decided = { early: 0, whole: 0 };
    await fc.assert(
      fc.asyncProperty(
        anyGrid,
        fc.constantFrom(0.25, 0.5, 1),
        drawnDistances,
        shares,
        async (grid, step, drawn, share) => {
          const tiling = layTiles(grid.shape, [8, 8, 8], step);
          const distances = [...distancesOf(grid, tiling, (i) => drawn[i % drawn.length])];
          const whole = (await judge(distances, 1, false)) as SubjectScore;
          const boundary = whole.score * share;
          const found = await judge(distances, boundary, true);
          const expected = (await judge(distances, boundary, false)) as SubjectScore;
          expect(found.verdict).toBe(expected.verdict);
          if (found.score !== null) {
            decided.whole++;
            expect(found).toEqual(expected);
            return;
          }
          decided.early++;
          expect(found).toMatchObject({ uncertainty: null, pValue: null, boundary, verdict: 'out-of-distribution' });
          expect((found as { scoreAtLeast: number }).scoreAtLeast).toBeGreaterThan(boundary);
          expect((found as { scoreAtLeast: number }).scoreAtLeast).toBeLessThanOrEqual(whole.score);
          expect(found.patches).toBeLessThan(distances.length);
        },
      ),
      { numRuns: 150 },
    );
    // Neither of the two is a rare case among those drawn.
    expect(Math.min(decided.early, decided.whole)).toBeGreaterThan((decided.early + decided.whole) / 15);
  });

  it('does the same where distances may be negative, down to a number that it is told', async () => {
    const decided = { early: 0, whole: 0 };
    await fc.assert(
      fc.asyncProperty(
        anyGrid,
        fc.double({ min: -50, max: 5, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 20, maxLength: 20 }),
        fc.constantFrom(-20, -1, -1e-9, 0, 1e-9, 1),
        async (grid, least, drawn, above) => {
          const tiling = layTiles(grid.shape, [8, 8, 8], 0.5);
          const distances = [...distancesOf(grid, tiling, (i) => least + drawn[i % drawn.length])];
          const whole = (await judge(distances, 1, false)) as SubjectScore;
          const boundary = whole.score + above;
          const found = await judge(distances, boundary, true, least);
          const expected = (await judge(distances, boundary, false)) as SubjectScore;
          expect(found.verdict).toBe(expected.verdict);
          decided[found.score === null ? 'early' : 'whole']++;
          if (found.score === null) {
            expect((found as { scoreAtLeast: number }).scoreAtLeast).toBeGreaterThan(boundary);
            expect((found as { scoreAtLeast: number }).scoreAtLeast).toBeLessThanOrEqual(whole.score);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(Math.min(decided.early, decided.whole)).toBeGreaterThan(5);
  });

  it('reads no further once it is certain', async () => {
    const grid = gridOf(scanOf([64, 8, 8]));
    const tiling = layTiles(grid.shape, [8, 8, 8], 0.5);
    let read = 0;
    const source = function* () {
      for (const patch of distancesOf(grid, tiling, () => 100)) {
        read++;
        yield patch;
      }
    };
    const found = await judge(source() as unknown as PatchDistance[], 20, true);
    // 15 patches along z; the first, which nothing else covers at the end, stands for more than a
    // fifteenth of the score.
    expect(found).toMatchObject({ score: null, patches: 3, worstPatch: { distance: 100, centre: [4, 4, 4] } });
    expect(read).toBeLessThan(8);
  });

  it('does not take a score at the boundary for one beyond it', async () => {
    const grid = gridOf(scanOf([8, 8, 8]));
    const distances = [...distancesOf(grid, layTiles(grid.shape, [8, 8, 8], 0.5), () => 7)];
    expect(await judge(distances, 7, true)).toMatchObject({ score: 7, verdict: 'in-distribution' });
  });

  it('lets the last patch pass, with which the score is there', async () => {
    const grid = gridOf(scanOf([12, 8, 8]));
    const distances = [...distancesOf(grid, layTiles(grid.shape, [8, 8, 8], 0.5), (i) => 10 * i)];
    expect(distances.length).toBe(2);
    expect(await judge(distances, 1, true)).toEqual(await judge(distances, 1, false));
  });

  it('refuses what it could not decide', async () => {
    expect(() => decide({})).toThrow(expect.objectContaining({ code: 'usage' }));
    const grid = gridOf(scanOf([8, 8, 8]));
    const distances = [...distancesOf(grid, layTiles(grid.shape, [8, 8, 8], 0.5), () => -1)];
    await expect(judge(distances, 7, true)).rejects.toMatchObject({ code: 'detector-invalid' });
  });
});
