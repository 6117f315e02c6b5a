import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainBlas } from '../../../src/maths/linalg/blas.js';
import { topEigen } from '../../../src/maths/linalg/top-eigen.js';

describe('topEigen', () => {
  it('finds the largest pairs of any spectrum, ties included', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        async (spectrum, k) => {
          const d = spectrum.length;
          // A symmetric matrix with that spectrum: a diagonal one between two reflections.
          const u = spectrum.map((_, i) => Math.sin(i + 1));
          const norm = u.reduce((sum, v) => sum + v * v, 0);
          const h = (i: number, j: number) => (i === j ? 1 : 0) - (2 * u[i] * u[j]) / norm;
          const matrix = Float64Array.from({ length: d * d }, (_, at) =>
            spectrum.reduce((sum, l, m) => sum + h(Math.floor(at / d), m) * l * h(at % d, m), 0),
          );
          if (spectrum.every((l) => l === 0)) return;
          const { values, vectors } = await topEigen(matrix, d, k, plainBlas);
          const sorted = spectrum.toSorted((a, b) => b - a);
          values.forEach((value, j) => {
            expect(value).toBeCloseTo(sorted[j], 7);
            for (let row = 0; row < d; row++) {
              let image = 0;
              for (let i = 0; i < d; i++) image += matrix[row * d + i] * vectors[j * d + i];
              expect(image).toBeCloseTo(value * vectors[j * d + row], 6);
            }
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});
