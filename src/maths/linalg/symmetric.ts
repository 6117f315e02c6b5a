import { ranges } from './blas.js';

/** Copies the upper triangle of a [d,d] onto the lower. */
export function mirrorUpper(matrix: Float64Array, d: number): void {
  // In squares of 64 x 64: across the whole width every write would miss the cache.
  for (const [top, bottom] of ranges(0, d, 64)) {
    for (const [left, right] of ranges(0, bottom, 64)) {
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < Math.min(right, row); column++) {
          matrix[row * d + column] = matrix[column * d + row];
        }
      }
    }
  }
}

/** A x for a symmetric [d,d] of which only the upper triangle is read. */
export function multiplySymmetric(matrix: Float64Array, d: number, x: Float64Array): Float64Array {
  const y = new Float64Array(d);
  for (let row = 0; row < d; row++) {
    const start = row * d;
    const factor = x[row];
    let sum = matrix[start + row] * factor;
    for (let column = row + 1; column < d; column++) {
      const value = matrix[start + column];
      sum += value * x[column];
      y[column] += value * factor;
    }
    y[row] += sum;
  }
  return y;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

export function trace(matrix: Float64Array, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += matrix[i * d + i];
  return sum;
}
