import { describe, expect, it } from 'vitest';
import { plainBlas } from '../../../src/maths/linalg/blas.js';
import { product } from '../../../src/maths/linalg/product.js';
import { invertLower } from '../../../src/maths/linalg/triangular.js';

describe('invertLower', () => {
  it.each([3, 256, 257, 600])('of order %i is the inverse, with zeros above the diagonal', async (n) => {
    const lower = Float64Array.from({ length: n * n }, (_, i) => {
      const [row, column] = [Math.floor(i / n), i % n];
      if (column > row) return 99; // what cholesky leaves there means nothing
      return column === row ? 2 + (row % 3) : Math.sin(i) / n;
    });
    const clean = lower.map((value, i) => (i % n > Math.floor(i / n) ? 0 : value));
    await invertLower(lower, n, plainBlas);
    const identity = await product(
      plainBlas,
      { data: lower, rows: n, columns: n },
      { data: clean, rows: n, columns: n },
    );
    let worst = 0;
    for (let i = 0; i < n * n; i++) worst = Math.max(worst, Math.abs(identity[i] - (i % (n + 1) === 0 ? 1 : 0)));
    expect(worst).toBeLessThan(1e-13);
    expect(lower[n - 1]).toBe(0);
  });
});
