import { describe, expect, it } from 'vitest';
import { plainBlas } from '../../../src/maths/linalg/blas.js';
import { cholesky } from '../../../src/maths/linalg/cholesky.js';
import {
  choleskyWhitening,
  gramWhitening,
  pseudoInverseWhitening,
  rankCutoff,
  type Whitening,
} from '../../../src/maths/linalg/whitener.js';

/** |W z|^2. */
function squared({ whitener, r }: Pick<Whitening, 'whitener' | 'r'>, z: readonly number[]): number {
  const rows = Array.from({ length: r }, (_, row) =>
    z.reduce((sum, value, i) => sum + whitener[row * z.length + i] * value, 0),
  );
  return rows.reduce((sum, value) => sum + value * value, 0);
}

/** Within 10 %, as documented. */
const near = (found: number, expected: number) => expect(Math.abs(found / expected - 1)).toBeLessThan(0.1);

// Expected values by numpy 2 and scipy: linalg.inv, linalg.pinvh, linalg.eigvalsh.
describe('a whitener', () => {
  it('of a definite covariance is the inverse of its Cholesky factor', async () => {
    // numpy.cov([[1,2,0],[2,1,1],[4,3,5],[0,1,2],[3,5,1],[2,2,3]], rowvar=False, bias=True)
    const S = Float64Array.of(5 / 3, 7 / 6, 7 / 6, 7 / 6, 17 / 9, 1 / 6, 7 / 6, 1 / 6, 8 / 3);
    const found = (await choleskyWhitening(S, 3, 3.80608322, plainBlas))!;
    expect(found.r).toBe(3);
    expect(squared(found, [1, -2, 3])).toBeCloseTo(7.7010676156583635, 10);
    expect([found.whitener[1], found.whitener[2], found.whitener[5]]).toEqual([0, 0, 0]);
    near(found.conditionNumber, 11.63021216523089);
  });

  it('is none where the covariance is not definite', async () => {
    expect(await choleskyWhitening(Float64Array.of(1, 1, 1, 1), 2, 2, plainBlas)).toBeNull();
  });

  it('of a covariance without full rank is that of the pseudo-inverse', async () => {
    // B B' with B = [[1,0],[2,1],[0,3],[1,1]].
    const S = Float64Array.of(1, 2, 0, 1, 2, 5, 3, 3, 0, 3, 9, 3, 1, 3, 3, 2);
    const { rank, order } = await cholesky(S, 4, { blas: plainBlas, pivot: true, tolerance: rankCutoff(12, 4) });
    expect(rank).toBe(2);
    const found = await pseudoInverseWhitening(S, order, rank, 4, 12.405124837953327, plainBlas);
    expect(found.r).toBe(2);
    expect(squared(found, [1, 2, 3, 4])).toBeCloseTo(2.119113573407202, 10);
    near(found.conditionNumber, 2.699774074477308);
  });

  it('comes from the Gram matrix where there are fewer rows than features', async () => {
    const rows = Float64Array.of(3, 1, 0, 2, -1, -1, 0, 2, 1, 1, -2, -1, -2, -3, 0);
    const found = await gramWhitening(rows, 3, 5, plainBlas);
    expect([found.r, found.rank]).toEqual([2, 2]);
    expect(squared(found, [1, 0, 2, -1, 3])).toBeCloseTo(1.0471522399764748, 10);
    near(found.conditionNumber, 9.949619267265367 / 3.3837140660679657);
  });

  it('takes for zero what scipy does', () => {
    expect(rankCutoff(8, 100)).toBe(800 * 2 ** -52);
  });
});
