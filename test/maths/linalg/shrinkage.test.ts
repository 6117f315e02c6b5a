import { describe, expect, it } from 'vitest';
import { plainBlas } from '../../../src/maths/linalg/blas.js';
import { Moments, type Sample } from '../../../src/maths/linalg/moments.js';
import { ledoitWolfShrinkage, oasShrinkage, shrink } from '../../../src/maths/linalg/shrinkage.js';

const ROWS = [0, 0, 0, 1, 3, 1, 2, 6, -2, 3, 6, -1, 4, 9, -4, 5, 12, -3, 6, 12, -6, 7, 15, -5];

async function sampleOf(rows: readonly number[], d: number): Promise<Sample> {
  const moments = new Moments(d, plainBlas);
  await moments.add(Float64Array.from(rows), rows.length / d);
  return moments.finish();
}

// Expected values by scikit-learn 1.9: LedoitWolf().fit(X).shrinkage_, OAS().fit(X).shrinkage_,
// .covariance_.
describe('shrinkage', () => {
  it('of Ledoit and Wolf, and of OAS, of eight rows', async () => {
    const sample = await sampleOf(ROWS, 3);
    expect(ledoitWolfShrinkage(sample)).toBeCloseTo(0.16074424630814294, 12);
    expect(oasShrinkage(sample)).toBeCloseTo(0.35659846671460843, 12);
    const shrunk = Float64Array.from(sample.covariance);
    shrink(shrunk, 3, 0.16074424630814294);
    const covariance = [
      6.166744529726127, 8.969545867581722, -3.986464830036321, 8.969545867581722, 20.525885940547745,
    ];
    for (const [i, value] of [
      ...covariance,
      -8.025383144678383,
      -3.986464830036321,
      -8.025383144678383,
      6.166744529726127,
    ].entries())
      expect(shrunk[i]).toBeCloseTo(value, 12);
  });

  it('of three rows of two features', async () => {
    const sample = await sampleOf([0, 0, 1, 2, 5, 4], 2);
    expect(ledoitWolfShrinkage(sample)).toBeCloseTo(0.37003058103975534, 12);
    expect(oasShrinkage(sample)).toBe(1);
  });

  it('is none of a single feature, and all of OAS where the covariance is a multiple of the identity', async () => {
    const single = await sampleOf([1, 2, 4], 1);
    expect([ledoitWolfShrinkage(single), oasShrinkage(single)]).toEqual([0, 0]);
    const square = await sampleOf([1, 1, 1, -1, -1, 1, -1, -1], 2);
    expect(oasShrinkage(square)).toBe(1);
    // beta is 0 with delta: no distance to the identity that one could shrink.
    expect(ledoitWolfShrinkage(square)).toBe(0);
  });
});
