import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grid, Triple } from '../../../src/chunks.js';
import { DepthResampler } from '../../../src/maths/resample/depth-resampler.js';
import { GridResampler } from '../../../src/maths/resample/grid-resampler.js';
import { axisWeights, type SplineOrder } from '../../../src/maths/resample/interpolation.js';
import { PlaneResizer } from '../../../src/maths/resample/plane-resizer.js';
import { resampledShape, separateAxisOf } from '../../../src/maths/resample/separate-axis.js';
import grids from '../../fixtures/resample/grids.json' with { type: 'json' };
import longAxis from '../../fixtures/resample/long_axis.json' with { type: 'json' };
import planes from '../../fixtures/resample/planes.json' with { type: 'json' };
import volumes from '../../fixtures/resample/volumes.json' with { type: 'json' };
import { gridOf, scanOf } from '../../support/grids.js';

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
  return largest;
}

describe('PlaneResizer', () => {
  it.each(planes.map((plane) => [`order ${plane.order}, ${plane.from} to ${plane.to}`, plane] as const))(
    'resizes as skimage: %s',
    (_, plane) => {
      const order = plane.order as SplineOrder;
      const resizer = new PlaneResizer(plane.from as [number, number], plane.to as [number, number], [order, order]);
      const target = new Float32Array(plane.to[0] * plane.to[1]);
      resizer.resize(Float32Array.from(plane.image), target);
      expect(worst(target, plane.result)).toBeLessThan(1e-6);
    },
  );

  it('clips to the range it is given', () => {
    const resizer = new PlaneResizer([1, 4], [1, 9], [3, 3]);
    const target = new Float32Array(9);
    resizer.resize(Float32Array.of(0, 0, 1, 1), target);
    expect(Math.max(...target)).toBeGreaterThan(1.01);
    expect(Math.min(...target)).toBeLessThan(-0.01);
    resizer.resize(Float32Array.of(0, 0, 1, 1), target, 0, 1);
    expect(Math.max(...target)).toBe(1);
    expect(Math.min(...target)).toBe(0);
  });
});

describe('DepthResampler', () => {
  it.each(longAxis.map((axis) => [axis.from, axis.to, axis] as const))(
    'streams %i to %i planes as skimage resizes them',
    (_, __, axis) => {
      const resampler = new DepthResampler(axis.from, axis.to, 3, 1);
      const result: number[] = [];
      for (const value of axis.image) {
        resampler.slot()[0] = value;
        for (const [index, plane] of resampler.advance()) {
          expect(index).toBe(result.length);
          result.push(plane[0]);
        }
      }
      // Values of 1000: float32 alone is 6e-5, the cut of the spline's memory 1e-5.
      expect(worst(result, axis.result)).toBeLessThan(2e-4);
    },
  );

  it('gives every plane as soon as the 16 after it are there', () => {
    const [from, to] = [400, 310];
    const resampler = new DepthResampler(from, to, 3, 1);
    for (let z = 0; z < from; z++) {
      resampler.slot()[0] = z;
      for (const [index] of resampler.advance()) {
        const centre = (from / to) * (index + 0.5) - 0.5;
        expect(z - centre).toBeLessThanOrEqual(centre < 15 ? 32 : 16);
      }
    }
  });

  it('equals the whole volume resampled at once, for any depth, and holds 32 planes at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 80 }),
        fc.constantFrom<SplineOrder>(0, 1, 3),
        fc.infiniteStream(fc.float({ min: -1, max: 1, noNaN: true })),
        (from, to, order, values) => {
          const width = 3;
          const stack = Float32Array.from({ length: from * width }, () => values.next().value);
          // A stack of planes of one row is one plane: the recursive filter stands against the
          // banded matrix.
          const whole = new Float32Array(to * width);
          new PlaneResizer([from, width], [to, width], [order, order]).resize(stack, whole);
          const resampler = new DepthResampler(from, to, order, width);
          expect(resampler.depth).toBeLessThanOrEqual(32);
          const streamed: number[] = [];
          for (let z = 0; z < from; z++) {
            resampler.slot().set(stack.subarray(z * width, (z + 1) * width));
            for (const [, plane] of resampler.advance()) streamed.push(...plane);
          }
          expect(worst(streamed, whole)).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 200 },
    );
  });
});

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

describe('the grid', () => {
  it('has the shapes and separate axes of nnunetv2', () => {
    expect(grids.length).toBe(400);
    for (const [shape, spacing, target, force, newShape, axis] of grids as unknown as [
      Triple,
      Triple,
      Triple,
      boolean | null,
      number[],
      number | null,
    ][]) {
      expect(resampledShape(shape, spacing, target)).toEqual(newShape);
      expect(separateAxisOf(spacing, target, force)).toBe(axis);
    }
  });

  it('takes the upper neighbour of a tie', () => {
    // Halving lands every output between two inputs.
    expect([...axisWeights(8, 4, 0).first]).toEqual([1, 3, 5, 7]);
  });
});
