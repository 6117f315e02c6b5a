import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice } from '../../../src/chunks.js';
import { measurePlanes } from '../../../src/maths/resample/plane-ranges.js';
import { gridOf, scanOf } from '../../support/grids.js';

/** Two slices of 2 x 3 in two channels. */
function slices(nonzero?: readonly (readonly number[])[]): Slice[] {
  const grid = gridOf(scanOf([2, 2, 3]), { channels: 2 });
  const values = [
    [1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6],
    [7, 0, 9, 10, 11, 12, -7, -8, -9, -10, -11, 0],
  ];
  return values.map((data, z) => ({
    grid,
    z,
    data: ndarray(Float32Array.from(data), [2, 2, 3]),
    ...(nonzero && { nonzero: ndarray(Uint8Array.from(nonzero[z]), [2, 3]) }),
  }));
}

const plain = (ranges: Awaited<ReturnType<typeof measurePlanes>>) =>
  ranges.map(({ axis, min, max, outside }) => ({ axis, min: [...min], max: [...max], outside: [...outside!] }));

describe('extremes of the planes across an axis', () => {
  it('y: one of each row over all slices, channels apart', async () => {
    expect(plain(await measurePlanes(slices(), 1))).toEqual([
      { axis: 1, min: [0, 4], max: [9, 12], outside: [0, 0] },
      { axis: 1, min: [-9, -11], max: [-1, 0], outside: [0, 0] },
    ]);
  });

  it('x: one of each column', async () => {
    expect(plain(await measurePlanes(slices(), 2))).toEqual([
      { axis: 2, min: [1, 0, 3], max: [10, 11, 12], outside: [0, 0, 0] },
      { axis: 2, min: [-10, -11, -9], max: [-1, -2, 0], outside: [0, 0, 0] },
    ]);
  });

  it('leave out what lies outside the mask, and note where that was', async () => {
    const mask = [
      [1, 1, 0, 1, 1, 0],
      [1, 0, 0, 1, 1, 0],
    ];
    expect(plain(await measurePlanes(slices(mask), 2))).toEqual([
      { axis: 2, min: [1, 2, Number.POSITIVE_INFINITY], max: [10, 11, Number.NEGATIVE_INFINITY], outside: [0, 1, 1] },
      {
        axis: 2,
        min: [-10, -11, Number.POSITIVE_INFINITY],
        max: [-1, -2, Number.NEGATIVE_INFINITY],
        outside: [0, 1, 1],
      },
    ]);
    expect(plain(await measurePlanes(slices(mask), 1))[0]).toEqual({
      axis: 1,
      min: [1, 4],
      max: [7, 11],
      outside: [1, 1],
    });
  });
});
