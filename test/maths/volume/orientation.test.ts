import { describe, expect, it } from 'vitest';
import { affineSpacing, isUnmoved, mapBetween, rasAxes, turnedAffine } from '../../../src/maths/volume/orientation.js';
import orientations from '../../fixtures/resample/orientations.json' with { type: 'json' };

describe('rasAxes', () => {
  it('assigns axes as nibabel does, for 150 affines of every order, tilted and sheared', () => {
    expect(orientations.length).toBe(150);
    for (const { affine, orientation } of orientations) {
      const { axes, flipped } = rasAxes(affine)!;
      // nibabel: for each of x, y, z the world axis and the direction. Ours: for each of S, A, R
      // the axis of [z, y, x].
      orientation.forEach(([world, direction], input) => {
        expect(axes[2 - world!]).toBe(2 - input);
        expect(flipped[2 - world!]).toBe(direction === -1);
      });
    }
  });

  it('refuses a singular affine', () => {
    expect(rasAxes([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])).toBeNull();
    expect(rasAxes(new Array(16).fill(0))).toBeNull();
  });
});

describe('affineSpacing', () => {
  it('is the length of the columns along [z, y, x], in float32', () => {
    const affine = [0, -2, 0, 5, 3, 0, 0, 5, 4, 0, 0.1, 5, 0, 0, 0, 1];
    expect(affineSpacing(affine)).toEqual([Math.fround(0.1), 2, 5]);
  });
});

describe('turnedAffine and mapBetween', () => {
  it('keep every voxel where it is in the world, and lead from one scan to the other', () => {
    const shape = [4, 5, 6] as const;
    const turned = orientations.flatMap(({ affine }) => {
      const map = rasAxes(affine);
      return map ? [{ affine, map, ras: turnedAffine(affine, shape, map) }] : [];
    });
    const place = (affine: readonly number[], [z, y, x]: readonly number[]) =>
      [0, 4, 8].map((r) => affine[r]! * x! + affine[r + 1]! * y! + affine[r + 2]! * z! + affine[r + 3]!);
    for (const { affine, map, ras } of turned) {
      expect(isUnmoved(rasAxes(ras)!)).toBe(true);
      // Voxel [1, 2, 3] of the turned scan, in the scan as it was.
      const before = [0, 0, 0];
      map.axes.forEach((axis, i) => {
        before[axis] = map.flipped[i] ? shape[axis]! - 1 - (i + 1) : i + 1;
      });
      place(ras, [1, 2, 3]).forEach((mm, row) => {
        expect(mm).toBeCloseTo(place(affine, before)[row]!, 8);
      });
    }
    for (const [i, one] of turned.entries()) {
      const other = turned[(i * 7 + 3) % turned.length]!;
      const between = mapBetween(one.map, other.map);
      // What leads to the other's axes and from there to RAS leads to RAS.
      other.map.axes.forEach((axis, ras) => {
        expect(between.axes[axis]).toBe(one.map.axes[ras]);
        expect(between.flipped[axis] !== other.map.flipped[ras]).toBe(one.map.flipped[ras]);
      });
      expect(isUnmoved(mapBetween(one.map, one.map))).toBe(true);
    }
  });
});
