import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grid, Triple } from '../../../src/chunks.js';
import { GridResampler } from '../../../src/maths/resample/grid-resampler.js';
import type { SplineOrder } from '../../../src/maths/resample/interpolation.js';
import volumes from '../../fixtures/resample/volumes.json' with { type: 'json' };
import { gridOf, scanOf } from '../../support/grids.js';

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
  return largest;
}

describe('GridResampler', () => {
  it.each(
    volumes.map((v) => [`order ${v.order}/${v.orderZ}, separate ${v.separate}, ${v.from} to ${v.to}`, v] as const),
  )('resamples as nnunetv2: %s', (_, volume) => {
    const channels = 2;
    const from = gridOf(scanOf(volume.from as unknown as Triple), { channels });
    const to: Grid = {
      ...from,
      shape: volume.to as unknown as Triple,
      separateAxis: volume.separate as 0 | 1 | 2 | null,
    };
    const same = volume.from.every((n, i) => n === volume.to[i]);
    const [depth, height, width] = from.shape;
    const at = (c: number, z: number, y: number, x: number): number =>
      volume.image[((c * depth + z) * height + y) * width + x];
    const ranges = [0, 1].map((c) => rangeOf(at, c, from.shape, to.separateAxis));
    const resampling = {
      order: volume.order as SplineOrder,
      orderZ: volume.orderZ as 0 | 1,
      forceSeparateZ: null,
    };
    const resampler = new GridResampler(from, to, resampling, ranges);
    const plane = to.shape[1] * to.shape[2];
    const result = new Float32Array(channels * to.shape[0] * plane);
    for (let z = 0; z < depth; z++) {
      const data = Float32Array.from({ length: channels * height * width }, (__, i) =>
        at(Math.floor(i / (height * width)), z, Math.floor(i / width) % height, i % width),
      );
      for (const [index, out] of resampler.push(data)) {
        for (let c = 0; c < channels; c++) {
          result.set(out.subarray(c * plane, (c + 1) * plane), (c * to.shape[0] + index) * plane);
        }
      }
    }
    expect(same).toBe(false);
    expect(worst(result, volume.result)).toBeLessThan(2e-6);
  });

  it('leaves a constant volume constant, to the last bit', () => {
    fc.assert(
      fc.property(
        fc.tuple(size(), size(), size()),
        fc.tuple(size(), size(), size()),
        fc.constantFrom(null, 0, 1, 2),
        fc.float({ min: -4000, max: 4000, noNaN: true }),
        (from, to, separateAxis, value) => {
          const grid = gridOf(scanOf(from));
          const resampler = new GridResampler(
            grid,
            { ...grid, shape: to, separateAxis: separateAxis as 0 | 1 | 2 | null },
            { order: 3, orderZ: 0, forceSeparateZ: null },
            [{ low: value, high: value }],
          );
          const seen: number[] = [];
          for (let z = 0; z < from[0]; z++) {
            for (const [index, data] of resampler.push(new Float32Array(from[1] * from[2]).fill(value))) {
              seen.push(index);
              expect(data.every((v) => v === value)).toBe(true);
            }
          }
          expect(seen).toEqual(Array.from({ length: to[0] }, (_, z) => z));
        },
      ),
    );
  });
});

const size = () => fc.integer({ min: 1, max: 12 });

function rangeOf(
  at: (c: number, z: number, y: number, x: number) => number,
  c: number,
  [depth, height, width]: Triple,
  axis: 0 | 1 | 2 | null,
) {
  const count = axis === 1 ? height : axis === 2 ? width : 1;
  const min = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
  const max = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const p = axis === 1 ? y : axis === 2 ? x : 0;
        min[p] = Math.min(min[p], at(c, z, y, x));
        max[p] = Math.max(max[p], at(c, z, y, x));
      }
    }
  }
  const planes = axis === 1 || axis === 2 ? { axis, min, max } : undefined;
  return { low: Math.min(...min), high: Math.max(...max), planes };
}
