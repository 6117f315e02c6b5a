import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Estimator } from '../../src/detectors/estimators.js';
import { fitGaussian } from '../../src/detectors/fit-gaussian.js';
import { squaredDistance } from '../../src/detectors/gaussian.js';
import { plainBlas } from '../../src/maths/linalg/blas.js';
import { inBlocks } from '../support/blocks.js';

interface Expected {
  shrinkage: number | null;
  conditionNumber: number;
  train: number[];
  test: number[];
}

interface SampleFixture {
  name: string;
  n: number;
  d: number;
  testRows: number;
  rows: string;
  mean: number[];
  rank: number;
  estimators: Record<Estimator, Expected>;
}

// scikit-learn's values: test/oracle/covariance.py
const samples: SampleFixture[] = JSON.parse(
  readFileSync(new URL('../fixtures/covariance/samples.json', import.meta.url), 'utf8'),
);

describe.each(samples)('$name: n=$n, d=$d', ({ name, n, d, testRows, rows: encoded, mean, rank, estimators }) => {
  const bytes = Buffer.from(encoded, 'base64');
  const rows = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const row = (i: number) => rows.subarray(i * d, (i + 1) * d);

  it.each(['ledoit-wolf', 'oas', 'empirical'] as const)('%s is scikit-learn’s', async (estimator) => {
    const expected = estimators[estimator];
    const fit = await fitGaussian(inBlocks(rows, n, d, 7), { estimator, blas: plainBlas });
    expect(fit.rank).toBe(rank);
    fit.mean.forEach((value, i) => {
      expect(Math.abs(value - mean[i])).toBeLessThan(1e-12 * Math.max(1, Math.abs(mean[i])));
    });
    if (expected.shrinkage === null) expect(fit.shrinkage).toBeNull();
    else expect(Math.abs(fit.shrinkage! - expected.shrinkage)).toBeLessThan(1e-10);
    const ratio = fit.conditionNumber / expected.conditionNumber;
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
    const distances = (start: number, count: number) =>
      Array.from({ length: count }, (_, i) => squaredDistance(fit, row(start + i)));
    let worst = 0;
    const compare = (got: number[], wanted: number[]) => {
      got.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - wanted[i]) / wanted[i]);
      });
    };
    compare(distances(0, Math.min(3, n)), expected.train);
    compare(distances(n, testRows), expected.test);
    if (process.env.SHOW) console.log(name, estimator, worst);
    expect(worst).toBeLessThan(1e-6);
  });
});
