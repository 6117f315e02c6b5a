import ndarray from 'ndarray';
import { expect, it } from 'vitest';
import { watchIntensities } from '../../src/detectors/watch-intensities.js';
import { gridOf, scanOf } from '../support/grids.js';

const grid = gridOf(scanOf([2, 1, 4]));
const slice = (z: number, values: number[]) => ({ grid, z, data: ndarray(Float32Array.from(values), [1, 1, 4]) });
/** The share of the highest bin. */
const part = (d: number) => ({ d, distance: (shares: ArrayLike<number>) => shares[d - 1], ratio: () => 1 });

it('judges the shares of all slices', () => {
  const watch = watchIntensities({ intensities: part(150) })!;
  watch.look(slice(0, [0, 0, 9, 9]));
  watch.look(slice(1, [0, 9, -9, 0]));
  expect(watch.distance()).toBe(3 / 8);
});

it('is not there for a detector that judges patches alone', () => {
  expect(watchIntensities({})).toBeNull();
});

it('refuses other channels than were fitted, and what is no number', () => {
  const other = watchIntensities({ intensities: part(300) })!;
  other.look(slice(0, [0, 0, 0, 0]));
  expect(() => other.distance()).toThrow(/fill 150 bins.*fitted on 300/);
  const broken = watchIntensities({ intensities: { ...part(150), distance: () => Number.NaN } })!;
  broken.look(slice(0, [0, 0, 0, 0]));
  expect(() => broken.distance()).toThrow('case: its intensities are not numbers; check the scan.');
});
