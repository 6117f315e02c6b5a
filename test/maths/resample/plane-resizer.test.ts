import { describe, expect, it } from 'vitest';
import type { SplineOrder } from '../../../src/maths/resample/interpolation.js';
import { PlaneResizer } from '../../../src/maths/resample/plane-resizer.js';
import planes from '../../fixtures/resample/planes.json' with { type: 'json' };

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
