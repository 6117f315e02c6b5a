import type { Triple } from '../../src/chunks.js';
import { bell, type Random } from './random.js';

/**
 * [1 2 1] / 4 along x and y, in place, the border repeated. Three passes are a Gaussian of sigma
 * 1.2 voxels.
 */
export function smoothSlice(slice: Float32Array, height: number, width: number): void {
  for (let y = 0; y < height; y++) {
    let before = slice[y * width];
    for (let x = 0; x < width; x++) {
      const here = slice[y * width + x];
      const after = x + 1 < width ? slice[y * width + x + 1] : here;
      slice[y * width + x] = (before + 2 * here + after) / 4;
      before = here;
    }
  }
  for (let x = 0; x < width; x++) {
    let before = slice[x];
    for (let y = 0; y < height; y++) {
      const here = slice[y * width + x];
      const after = y + 1 < height ? slice[(y + 1) * width + x] : here;
      slice[y * width + x] = (before + 2 * here + after) / 4;
      before = here;
    }
  }
}

/**
 * Quantum noise of a reconstructed CT with standard deviation 1, slice by slice: grainy with a
 * sharp kernel (passes 0), blotchy with a soft one.
 */
export function quantumNoise([depth, height, width]: Triple, passes: number, next: Random): Float32Array {
  const size = height * width;
  const out = new Float32Array(depth * size);
  for (let z = 0; z < depth; z++) {
    const slice = out.subarray(z * size, (z + 1) * size);
    for (let i = 0; i < size; i++) slice[i] = bell(next);
    for (let i = 0; i < passes; i++) smoothSlice(slice, height, width);
  }
  let squares = 0;
  for (const v of out) squares += v * v;
  const scale = 1 / Math.sqrt(squares / out.length);
  for (let i = 0; i < out.length; i++) out[i] *= scale;
  return out;
}
