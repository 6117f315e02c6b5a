import { clamp } from '../clamp.js';
import { cubicImpulse, cubicWeights } from './spline.js';

/** Spline orders that nnU-Net's plans use: nearest, linear, cubic. */
export type SplineOrder = 0 | 1 | 3;

/**
 * Resampling along one axis as a banded matrix: out[i] = sum over t of weights[i * count + t] *
 * in[first[i] + t]. Rows of `first` ascend.
 */
export interface AxisWeights {
  readonly from: number;
  readonly to: number;
  /** Neighbours of one output sample. */
  readonly count: number;
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Coordinate of output sample i among the input samples, the two grids covering the same extent.
 * scipy `zoom(grid_mode=True)`.
 */
export function coordinate(i: number, from: number, to: number): number {
  return (from / to) * (i + 0.5) - 0.5;
}

/**
 * Samples on each side of a cubic weight that the prefilter reaches: 0.268^14 = 1e-8 is left out,
 * and the rest scaled to sum to 1.
 */
const reach = 14;

/** Input samples that one output sample may see. */
export function neighbours(from: number, to: number, order: SplineOrder): number {
  if (from === to || order === 0) return 1;
  return Math.min(order === 1 ? 2 : 2 * reach + 4, from);
}

/**
 * The matrix of scipy.ndimage.zoom(order, mode='nearest', grid_mode=True) along one axis, prefilter
 * included.
 *
 * Order 0 takes floor(x + 0.5): ties go up, as in scipy. Orders 0 and 1 clamp the coordinate to the
 * samples; order 3 sees the first and last sample repeated for ever (scipy pads 12 of them before
 * the prefilter, which is the same to 1e-14). An axis whose length stays is the identity.
 */
export function axisWeights(from: number, to: number, order: SplineOrder): AxisWeights {
  const count = neighbours(from, to, order);
  if (from === to) return build(from, to, count, (i) => [[i, 1]]);
  if (order === 0)
    return build(from, to, count, (i) => [[Math.floor(clamp(coordinate(i, from, to), 0, from - 1) + 0.5), 1]]);
  if (order === 1) {
    return build(from, to, count, (i) => {
      const x = clamp(coordinate(i, from, to), 0, from - 1);
      const below = Math.floor(x);
      return [
        [below, 1 - (x - below)],
        [below + 1, x - below],
      ];
    });
  }
  return build(from, to, count, (i) => {
    const x = coordinate(i, from, to);
    const below = Math.floor(x);
    const spline = cubicWeights(x - below);
    const entries: [number, number][] = [];
    for (let j = below - 1 - reach; j <= below + 2 + reach; j++) {
      let weight = 0;
      for (let m = 0; m < 4; m++) weight += spline[m] * cubicImpulse(below - 1 + m - j);
      entries.push([j, weight]);
    }
    return entries;
  });
}

/**
 * Folds samples beyond the ends onto the ends, and scales each row to sum to 1 so that a constant
 * stays what it is.
 */
function build(
  from: number,
  to: number,
  count: number,
  row: (i: number) => readonly (readonly [number, number])[],
): AxisWeights {
  const first = new Int32Array(to);
  const weights = new Float64Array(to * count);
  for (let i = 0; i < to; i++) {
    const entries = row(i);
    first[i] = clamp(entries[0][0], 0, from - count);
    let sum = 0;
    for (const [j, weight] of entries) {
      weights[i * count + clamp(j, 0, from - 1) - first[i]] += weight;
      sum += weight;
    }
    for (let t = 0; t < count; t++) weights[i * count + t] /= sum;
  }
  return { from, to, count, first, weights };
}
