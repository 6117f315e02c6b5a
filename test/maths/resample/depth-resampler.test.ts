import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DepthResampler } from '../../../src/maths/resample/depth-resampler.js';
import type { SplineOrder } from '../../../src/maths/resample/interpolation.js';
import { PlaneResizer } from '../../../src/maths/resample/plane-resizer.js';
import longAxis from '../../fixtures/resample/long_axis.json' with { type: 'json' };

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
  return largest;
}

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
