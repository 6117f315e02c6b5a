import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TrainingScan } from '../../src/detectors/method.js';
import { depthsOf } from '../../src/detectors/methods/multi-depth.js';
import { METHOD_NAMES, PATCH_METHODS, patchMethod } from '../../src/detectors/methods/registry.js';
import { plainBlas } from '../../src/maths/linalg/blas.js';
import { rowBlocksOf } from '../support/row-blocks.js';

// Every method of src/detectors/methods against one oracle: a method more is a row more.

interface Expected {
  n: number;
  d: number;
  parts?: number[];
  rows: number[];
  tests: number[][];
  scans: TrainingScan[];
  /** What no distance of `multi-depth` is below, and the z of the intensities of scans. */
  least: number;
  intensities: [shares: number[], z: number][];
  distances: Record<string, number[]>;
}

/** scikit-learn: test/oracle/methods.py. */
const cases = JSON.parse(
  readFileSync(new URL('../fixtures/methods.json', import.meta.url), 'utf8'),
) as readonly Expected[];

const context = { estimator: 'ledoit-wolf', blas: plainBlas } as const;

describe('multi-depth', () => {
  it('bounds its distances, and judges intensities, as numpy and scikit-learn do', async () => {
    for (const found of cases) {
      const { open, fit } = patchMethod('multi-depth')!;
      const { least, intensities } = open((await fit(rowBlocksOf(found), context)).tensors);
      expect(least).toBeCloseTo(found.least, 6);
      for (const [shares, z] of found.intensities) {
        expect(intensities!.distance(shares)).toBeCloseTo(z, 6);
        expect(Math.log(intensities!.ratio(z)) / Math.log(intensities!.ratio(1))).toBeCloseTo(z, 6);
      }
    }
  });

  it('names the channels of a stage that moved', async () => {
    const [found] = cases;
    const parts = [4, found.d - 4];
    const { open, fit } = patchMethod('multi-depth')!;
    const { tensors } = await fit(rowBlocksOf({ ...found, parts }), context);
    const { encoderStages } = open(tensors);
    const { 'mean.0': mean, 'deviation.0': deviation } = tensors;
    const features = mean.data.map((value, i) => value + [0, 3, -7, 1][i] * deviation.data[i]);
    expect(encoderStages!.moved!(0, features)).toEqual([
      { channel: 0, statistic: 'spread', z: expect.closeTo(-7, 9) },
      { channel: 1, statistic: 'mean', z: expect.closeTo(3, 9) },
      { channel: 1, statistic: 'spread', z: expect.closeTo(1, 9) },
    ]);
  });

  it('takes stages for shallow, middle and deep by thirds', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(depthsOf)).toEqual([
      [[0]],
      [[0], [1]],
      [[0], [1], [2]],
      [[0, 1], [2], [3]],
      [[0, 1], [2, 3], [4]],
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [
        [0, 1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
  });

  it('says what is missing where too few scans can be left out', async () => {
    const few = { ...cases[0], scans: cases[0].scans.map((scan) => ({ ...scan, fold: 0 })) };
    await expect(patchMethod('multi-depth')!.fit(rowBlocksOf(few), context)).rejects.toMatchObject({
      code: 'fit-failed',
      message: expect.stringContaining('give more training scans'),
    });
  });
});

describe('every method', () => {
  it('has a name of its own and says what it computes and where that is from', () => {
    expect(new Set(METHOD_NAMES).size).toBe(METHOD_NAMES.length);
    expect(METHOD_NAMES[0]).toBe('multi-depth');
    for (const { title, formula, source } of PATCH_METHODS)
      expect([title, formula, source].every((text) => text.length > 5)).toBe(true);
    expect(patchMethod('no such')).toBeUndefined();
  });

  it('is in the oracle', () => {
    for (const { distances } of cases) expect(Object.keys(distances).sort()).toEqual([...METHOD_NAMES].sort());
  });

  it.each(PATCH_METHODS)('$name gives the distances of scikit-learn', async (method) => {
    for (const found of cases) {
      const fitted = await method.fit(rowBlocksOf(found), context);
      expect([fitted.n, fitted.d]).toEqual([found.n, found.d]);
      const scorer = method.open(fitted.tensors);
      expect(scorer.d).toBe(found.d);
      found.tests.forEach((z, i) => {
        const expected = found.distances[method.name][i];
        expect(Math.abs(scorer.distance(Float32Array.from(z)) / expected - 1)).toBeLessThan(1e-6);
      });
      const many = await scorer.distances?.(Float32Array.from(found.tests.flat()), found.tests.length, context.blas);
      many?.forEach((distance, i) => {
        expect(distance).toBeCloseTo(scorer.distance(Float32Array.from(found.tests[i])), 8);
      });
    }
  });

  it.each(PATCH_METHODS)('$name has no distance below the least that it names', async (method) => {
    const scorers = await Promise.all(
      cases.map(async (found) => {
        const { tensors } = await method.fit(rowBlocksOf(found), context);
        return [found, method.open(tensors)] as const;
      }),
    );
    for (const [{ n, d, rows, tests }, scorer] of scorers) {
      let least = Number.POSITIVE_INFINITY;
      const patches = Array.from({ length: n }, (_, i) => rows.slice(i * d, (i + 1) * d));
      const mean = patches[0].map((_, i) => patches.reduce((sum, patch) => sum + patch[i] / n, 0));
      // The training patches, their mean, where most sums cancel, and what is far from them.
      for (const z of [...patches, mean, mean.map(() => 0), ...tests, ...tests.map((t) => t.map((v) => -1e6 * v))])
        least = Math.min(least, scorer.distance(Float32Array.from(z)));
      expect(least).toBeGreaterThanOrEqual(scorer.least);
      // One that names none needs none.
      if (scorer.least === Number.NEGATIVE_INFINITY) expect(least).toBeLessThan(0);
    }
  });

  it.each(PATCH_METHODS)('$name refuses what cannot be fitted', async (method) => {
    const fit = (rows: number[], n: number, d: number) => method.fit(rowBlocksOf({ n, d, rows }), context);
    await expect(fit([], 0, 2)).rejects.toMatchObject({ code: 'fit-failed' });
    await expect(fit([1, 2], 1, 2)).rejects.toMatchObject({ code: 'fit-failed' });
  });

  it.each(PATCH_METHODS)('$name says NaN of NaN, and refuses tensors that are not its own', async (method) => {
    const { tensors } = await method.fit(rowBlocksOf(cases[0]), context);
    const z = Float32Array.from(cases[0].tests[0]);
    z[3] = Number.NaN;
    expect(method.open(tensors).distance(z)).toBeNaN();
    expect(() => method.open({})).toThrow(/it lacks the tensor/);
  });
});
