import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainBlas } from '../../../src/maths/linalg/blas.js';
import { Moments, type Sample } from '../../../src/maths/linalg/moments.js';

const D = 5;

async function accumulate(rows: Float64Array, from: number, to: number): Promise<Moments> {
  const moments = new Moments(D, plainBlas);
  await moments.add(rows.subarray(from * D, to * D), to - from);
  return moments;
}

/** Largest difference relative to the size of what is compared. */
function difference(a: Sample, b: Sample): number {
  const relative = (x: Float64Array, y: Float64Array) => {
    const scale = x.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
    return x.reduce((worst, value, i) => Math.max(worst, Math.abs(value - y[i])), 0) / scale;
  };
  return Math.max(
    relative(a.mean, b.mean),
    relative(a.covariance, b.covariance),
    a.fourth === b.fourth ? 0 : Math.abs(a.fourth - b.fourth) / a.fourth,
  );
}

/** Rows of features that differ in scale and share an offset, as pooled activations do. */
const sample = fc
  .record({
    values: fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: D, maxLength: D }), {
      minLength: 8,
      maxLength: 40,
    }),
    offset: fc.constantFrom(0, 10, 1000),
    seed: fc.nat(),
  })
  .map(({ values, offset, seed }) => ({
    n: values.length,
    seed,
    // A fixed spread on top, so that no sample is degenerate.
    rows: Float64Array.from(values.flatMap((row, i) => row.map((value, j) => offset + value + Math.sin(7 * i + j)))),
  }));

describe('Moments', () => {
  it('of three rows are what one computes by hand', async () => {
    const moments = new Moments(2, plainBlas);
    await moments.add(Float64Array.of(0, 1, 3, 1, 3, 4), 3);
    const { n, mean, covariance, fourth } = await moments.finish();
    expect(n).toBe(3);
    expect([...mean]).toEqual([2, 2]);
    // Deviations (-2,-1), (1,-1), (1,2): squares 6/3, 6/3, products 3/3; norms^2 5, 2, 5.
    const wanted = [2, 1, 1, 2];
    covariance.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i], 14);
    });
    expect(fourth).toBeCloseTo(54, 12);
  });

  it('of two parts merge into those of the whole, whatever the split', async () => {
    await fc.assert(
      fc.asyncProperty(sample, async ({ rows, n, seed }) => {
        const cut = seed % (n + 1);
        const left = await accumulate(rows, 0, cut);
        await left.merge(await accumulate(rows, cut, n));
        const whole = await accumulate(rows, 0, n);
        expect(left.n).toBe(n);
        expect(difference(await whole.finish(), await left.finish())).toBeLessThan(1e-12);
      }),
      { numRuns: 200 },
    );
  });

  it('do not depend on the order of the rows', async () => {
    await fc.assert(
      fc.asyncProperty(sample, async ({ rows, n, seed }) => {
        const step = 1 + (seed % (n - 1));
        const order = Array.from({ length: n }, (_, i) => i).sort(
          (a, b) => ((a * step) % n) - ((b * step) % n) || b - a,
        );
        const shuffled = Float64Array.from(order.flatMap((i) => [...rows.subarray(i * D, (i + 1) * D)]));
        const [a, b] = [await accumulate(rows, 0, n), await accumulate(shuffled, 0, n)];
        expect(difference(await a.finish(), await b.finish())).toBeLessThan(1e-12);
      }),
      { numRuns: 100 },
    );
  });

  it('go on past a block', async () => {
    const n = 1300;
    const rows = Float64Array.from({ length: n * D }, (_, i) => 1000 + Math.sin(i * i));
    const whole = await accumulate(rows, 0, n);
    const parts = await accumulate(rows, 0, 700);
    await parts.merge(await accumulate(rows, 700, n));
    const a = await whole.finish();
    const direct = rows.filter((_, i) => i % D === 0);
    const mean = direct.reduce((sum, value) => sum + value, 0) / n;
    const variance = direct.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    expect(a.covariance[0] / variance).toBeCloseTo(1, 10);
    expect(difference(a, await parts.finish())).toBeLessThan(1e-12);
  });

  it('of a part whose later blocks lie elsewhere merge too', async () => {
    // A block is 1024 rows and its mean the origin of the sums: of a part that drifts, everything
    // is far from it.
    const n = 1500;
    const rows = Float64Array.from({ length: n * D }, (_, i) => {
      const [row, j] = [Math.floor(i / D), i % D];
      return (row < 20 ? -3 * j : row < 1044 ? 1 : 40 + 10 * j) + Math.sin(row * (j + 1));
    });
    const left = await accumulate(rows, 0, 20);
    await left.merge(await accumulate(rows, 20, n));
    const found = await left.finish();
    // By the definitions, in two passes.
    const mean = Float64Array.from({ length: D }, (_, j) => {
      let sum = 0;
      for (let row = 0; row < n; row++) sum += rows[row * D + j];
      return sum / n;
    });
    const covariance = new Float64Array(D * D);
    let fourth = 0;
    for (let row = 0; row < n; row++) {
      const x = mean.map((m, j) => rows[row * D + j] - m);
      for (let i = 0; i < D; i++) for (let j = 0; j < D; j++) covariance[i * D + j] += (x[i] * x[j]) / n;
      fourth += x.reduce((sum, value) => sum + value * value, 0) ** 2;
    }
    expect(difference(found, { n, d: D, mean, covariance, fourth })).toBeLessThan(1e-12);
  });

  it('of other features do not merge, and none is no sample', async () => {
    await expect(new Moments(2, plainBlas).merge(new Moments(3, plainBlas))).rejects.toThrow('moments of 3 features');
    await expect(new Moments(2, plainBlas).finish()).rejects.toMatchObject({
      code: 'fit-failed',
      message: 'There are no training patches.',
    });
  });

  it('see a feature that never changes as exactly constant', async () => {
    const moments = new Moments(2, plainBlas);
    await moments.add(
      Float32Array.from({ length: 400 }, (_, i) => (i % 2 ? 0.1 : Math.sin(i))),
      200,
    );
    const { covariance, mean } = await moments.finish();
    expect(covariance[3]).toBe(0);
    expect(mean[1]).toBe(Math.fround(0.1));
  });

  it('refuse NaN by the number of its patch', async () => {
    const moments = new Moments(2, plainBlas);
    await moments.add(Float64Array.of(1, 2), 1);
    await expect(moments.add(Float64Array.of(3, Number.NaN), 1)).rejects.toThrow('training patch 1 holds NaN');
  });
});
