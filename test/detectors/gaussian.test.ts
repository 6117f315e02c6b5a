import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitGaussian } from '../../src/detectors/fit-gaussian.js';
import { gaussian, squaredDistance } from '../../src/detectors/gaussian.js';
import { plainBlas } from '../../src/maths/linalg/blas.js';
import { inBlocks } from './blocks.js';

/** Pseudo-random rows, uniform on (-1, 1). */
function noise(length: number, seed = 1): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}

const fit = (rows: Float64Array, n: number, d: number, estimator: 'empirical' | 'ledoit-wolf' | 'oas' = 'empirical') =>
  fitGaussian(inBlocks(rows, n, d, 11), { estimator, blas: plainBlas });

describe('squaredDistance', () => {
  it('is the square, of a triangular whitener', () => {
    const fitted = gaussian(Float64Array.of(1, 1), Float64Array.of(2, 0, 1, 3));
    expect(fitted.lowerTriangular).toBe(true);
    expect(squaredDistance(fitted, Float32Array.of(2, 3))).toBe(4 + 49);
  });

  it('is the square, of a wide whitener', () => {
    const fitted = gaussian(new Float64Array(5), Float64Array.of(1, 2, 3, 4, 5));
    expect(fitted.lowerTriangular).toBe(false);
    expect(squaredDistance(fitted, Float64Array.of(1, 1, 1, 1, 1))).toBe(225);
  });
});

describe('fitGaussian', () => {
  it('never measures a negative distance, and none from the mean', async () => {
    const fitted = await fit(noise(60 * 4), 60, 4, 'ledoit-wolf');
    expect(squaredDistance(fitted, fitted.mean)).toBe(0);
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 4, maxLength: 4 }), (z) => {
        expect(squaredDistance(fitted, Float64Array.from(z))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('measures the same after any invertible affine map of the features (empirical)', async () => {
    const [n, d] = [50, 4];
    const rows = noise(n * d);
    const z = noise(d, 99);
    const wanted = squaredDistance(await fit(rows, n, d), z);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        async (seed, shift) => {
          const A = noise(d * d, seed);
          // Diagonally dominant or nearly: invertible.
          for (let i = 0; i < d; i++) A[i * d + i] += 3;
          const map = (values: Float64Array) =>
            Float64Array.from({ length: values.length }, (_, at) => {
              const [row, i] = [Math.floor(at / d), at % d];
              let sum = shift;
              for (let k = 0; k < d; k++) sum += A[i * d + k] * values[row * d + k];
              return sum;
            });
          const got = squaredDistance(await fit(map(rows), n, d), map(z));
          expect(Math.abs(got / wanted - 1)).toBeLessThan(1e-9);
        },
      ),
      { numRuns: 60 },
    );
  });

  // facts of the method: with n <= d and the pseudo-inverse every training row scores n - 1.
  it('scores every training patch n - 1 where n <= d (empirical), and says what it cannot see', async () => {
    const [n, d] = [60, 200];
    const rows = noise(n * d);
    const fitted = await fit(rows, n, d);
    expect(fitted.rank).toBe(n - 1);
    expect(fitted.r).toBe(n - 1);
    for (let row = 0; row < n; row++) {
      expect(squaredDistance(fitted, rows.subarray(row * d, (row + 1) * d))).toBeCloseTo(n - 1, 8);
    }
    expect(fitted.warnings.map((warning) => warning.code)).toEqual(['few-patches', 'blind-directions']);
    expect(fitted.warnings[1].message).toContain('spans 59 of 200 directions: every training patch scores about 59');
  });

  it('has no such trap with ledoit-wolf', async () => {
    const fitted = await fit(noise(60 * 200), 60, 200, 'ledoit-wolf');
    expect(fitted.r).toBe(200);
    expect(fitted.warnings.map((warning) => warning.code)).toEqual(['few-patches']);
  });

  it('warns of nothing where there are enough patches', async () => {
    expect((await fit(noise(40 * 8), 40, 8)).warnings).toEqual([]);
  });

  it('tells of features that never change', async () => {
    const rows = noise(40 * 6).map((value, i) => (i % 6 === 2 ? 0.1 : value));
    const shrunk = await fit(rows, 40, 6, 'ledoit-wolf');
    expect(shrunk.warnings.map((warning) => warning.code)).toEqual(['constant-features']);
    const empirical = await fit(rows, 40, 6);
    expect(empirical.warnings.map((warning) => warning.code)).toEqual(['rank-deficient', 'constant-features']);
    expect(empirical.rank).toBe(5);
  });

  // Orders on both sides of the panels, strips and tiles of the blocked algorithms, against the
  // definition: mean distance = trace(inv(S) S) = d.
  it.each([130, 300])('covers d = %i', async (d) => {
    const n = 2 * d;
    const rows = noise(n * d, 5);
    const fitted = await fit(rows, n, d);
    let sum = 0;
    for (let row = 0; row < n; row++) sum += squaredDistance(fitted, rows.subarray(row * d, (row + 1) * d));
    expect(sum / n / d).toBeCloseTo(1, 10);
  });

  describe('refuses with a sentence', () => {
    it.each([
      ['one patch', noise(3), 1, 'A fit needs at least 2 training patches, there is 1'],
      ['no patch', noise(0), 0, 'there are none'],
      [
        'patches that are all the same',
        new Float64Array(30).fill(0.1),
        10,
        'All 10 training patches have the same embedding',
      ],
      [
        'NaN',
        Float64Array.from({ length: 30 }, (_, i) => (i === 13 ? Number.NaN : i)),
        10,
        'training patch 4 holds NaN',
      ],
    ])('%s', async (_name, rows, n, sentence) => {
      for (const estimator of ['empirical', 'ledoit-wolf', 'oas'] as const) {
        await expect(fit(rows, n, 3, estimator)).rejects.toThrow(
          expect.objectContaining({ code: 'fit-failed', message: expect.stringContaining(sentence) }),
        );
      }
    });

    it('embeddings of two sizes', async () => {
      async function* mixed() {
        yield* inBlocks(noise(12), 4, 3, 4);
        yield* inBlocks(noise(12), 3, 4, 3);
      }
      await expect(fitGaussian(mixed(), { estimator: 'oas', blas: plainBlas })).rejects.toThrow(
        'Embeddings of 4 values came after embeddings of 3',
      );
    });
  });
});
