import type { PlaneRanges, Slice } from '../../chunks.js';

/**
 * Extremes of every plane across one in-plane axis, a channel each. Voxels outside the non-zero
 * mask are left out and noted, where slices carry one.
 */
export async function measurePlanes(
  slices: AsyncIterable<Slice> | Iterable<Slice>,
  axis: 1 | 2,
): Promise<PlaneRanges[]> {
  const ranges: Required<PlaneRanges>[] = [];
  for await (const { grid, data, nonzero } of slices) {
    const [, height, width] = grid.shape;
    const count = grid.shape[axis];
    for (let c = 0; c < grid.channels; c++) {
      ranges[c] ??= {
        axis,
        min: new Float32Array(count).fill(Number.POSITIVE_INFINITY),
        max: new Float32Array(count).fill(Number.NEGATIVE_INFINITY),
        outside: new Uint8Array(count),
      };
      const range = ranges[c];
      for (let y = 0, i = 0, at = c * height * width; y < height; y++) {
        for (let x = 0; x < width; x++, i++, at++) {
          const p = axis === 1 ? y : x;
          if (nonzero && nonzero.data[i] === 0) {
            range.outside[p] = 1;
            continue;
          }
          const value = data.data[at];
          if (value < range.min[p]) range.min[p] = value;
          if (value > range.max[p]) range.max[p] = value;
        }
      }
    }
  }
  return ranges;
}
