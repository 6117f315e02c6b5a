import { describe, expect, it } from 'vitest';
import type { Triple } from '../../../src/chunks.js';
import { resampledShape, separateAxisOf } from '../../../src/maths/resample/separate-axis.js';
import grids from '../../fixtures/resample/grids.json' with { type: 'json' };

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
});
