import { describe, expect, it } from 'vitest';
import { gaussian, squaredDistance } from '../../src/detectors/gaussian.js';

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
