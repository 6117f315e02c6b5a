import type { Triple } from '../../chunks.js';

/**
 * Every non-empty choice of these axes: the mirrored passes of nnU-Net's test-time augmentation
 * beside the plain one.
 */
export function mirrorings(axes: readonly number[]): number[][] {
  return Array.from({ length: 2 ** axes.length - 1 }, (_, i) => axes.filter((_, bit) => (i + 1) & (1 << bit)));
}

/**
 * Reverses the order of the voxels along axes of a volume. Its own inverse.
 *
 * @param data [c, z, y, x] in C order
 * @param shape of the volume, [z, y, x]
 * @param axes 0 for z, 1 for y, 2 for x
 * @returns a new array
 */
export function mirror(data: Float32Array, [depth, height, width]: Triple, axes: readonly number[]): Float32Array {
  const out = new Float32Array(data.length);
  const [flipZ, flipY, flipX] = [axes.includes(0), axes.includes(1), axes.includes(2)];
  const rows = data.length / width;
  for (let row = 0; row < rows; row++) {
    const y = row % height;
    const z = Math.floor(row / height) % depth;
    const c = Math.floor(row / (height * depth));
    const from = ((c * depth + (flipZ ? depth - 1 - z : z)) * height + (flipY ? height - 1 - y : y)) * width;
    const line = data.subarray(from, from + width);
    out.set(line, row * width);
    if (flipX) out.subarray(row * width, (row + 1) * width).reverse();
  }
  return out;
}
