import type { Grid, PlaneRanges, Triple } from '../../chunks.js';
import type { Resampling } from '../../plan.js';
import { clamp } from '../clamp.js';
import { DepthResampler } from './depth-resampler.js';
import { PlaneResizer } from './plane-resizer.js';
import { resampledShape, separateAxisOf } from './separate-axis.js';

/**
 * What the values of one channel may reach: nnU-Net clips what a spline overshoots to the range of
 * what went in.
 */
export interface ClipRange {
  readonly low: number;
  readonly high: number;
  /** Ranges plane by plane across the separate axis, where that is known. */
  readonly planes?: PlaneRanges | undefined;
}

/** The grid that a scan's grid becomes; the same object where its shape stays. */
export function resampledGrid(grid: Grid, spacing: Triple, resampling: Resampling): Grid {
  const shape = resampledShape(grid.shape, grid.spacing, spacing);
  if (shape.every((n, axis) => n === grid.shape[axis])) return grid;
  const { statistics: _, ...rest } = grid;
  return { ...rest, shape, spacing, separateAxis: separateAxisOf(grid.spacing, spacing, resampling.forceSeparateZ) };
}

/**
 * Resamples a grid slice by slice: in the plane first, then along z, then what lies across a
 * separate axis in the plane. The steps commute with nnU-Net's order because each acts on one axis;
 * the clip sits where nnU-Net has it, after the spline and before the separate axis.
 *
 * - no separate axis: one 3-D spline, clipped to the range of the whole channel
 * - separate axis z: every slice on its own, clipped to its own range, then nearest (or linear)
 *   along z
 * - separate axis y or x: spline along the other two, clipped to the range of the plane across it,
 *   then nearest (or linear) along it
 *
 * Source: nnunetv2 preprocessing/resampling/default_resampling.py, `resample_data_or_seg`.
 */
export class GridResampler {
  readonly #from: Grid;
  readonly #separate: 0 | 1 | 2 | null;
  readonly #ranges: readonly ClipRange[] | null;
  readonly #inPlane: PlaneResizer;
  readonly #depth: DepthResampler;
  readonly #across: PlaneResizer;

  /**
   * @param ranges one a channel; without them nothing is clipped, as befits orders that do not
   *   overshoot
   */
  constructor(from: Grid, to: Grid, resampling: Resampling, ranges: readonly ClipRange[] | null) {
    this.#from = from;
    this.#separate = to.separateAxis;
    this.#ranges = ranges;
    const [, height, width] = from.shape;
    const [, newHeight, newWidth] = to.shape;
    const between = [this.#separate === 1 ? height : newHeight, this.#separate === 2 ? width : newWidth] as const;
    const { order, orderZ } = resampling;
    this.#inPlane = new PlaneResizer([height, width], between, [order, order]);
    const depthOrder = this.#separate === 0 ? orderZ : order;
    this.#depth = new DepthResampler(from.shape[0], to.shape[0], depthOrder, from.channels * between[0] * between[1]);
    this.#across = new PlaneResizer(between, [newHeight, newWidth], [orderZ, orderZ]);
  }

  /** Slices held at most. */
  get depth(): number {
    return this.#depth.depth;
  }

  /**
   * @param data the next slice, [c, y, x] in C order
   * @returns [z, data] of every slice of the new grid that is now known; the arrays are the
   *   receiver's
   */
  *push(data: Float32Array): Generator<[number, Float32Array]> {
    const slot = this.#depth.slot();
    const { from, to } = this.#inPlane;
    for (let c = 0; c < this.#from.channels; c++) {
      const source = data.subarray(c * from[0] * from[1], (c + 1) * from[0] * from[1]);
      const target = slot.subarray(c * to[0] * to[1], (c + 1) * to[0] * to[1]);
      if (this.#separate === 0 && this.#ranges) this.#inPlane.resize(source, target, ...extremes(source));
      else this.#inPlane.resize(source, target);
    }
    for (const [z, planes] of this.#depth.advance()) yield [z, this.#finish(planes)];
  }

  #finish(planes: Float32Array): Float32Array {
    if (this.#separate === 0) return planes;
    const { from, to, identity } = this.#across;
    const out = identity ? planes : new Float32Array(this.#from.channels * to[0] * to[1]);
    for (let c = 0; c < this.#from.channels; c++) {
      const plane = planes.subarray(c * from[0] * from[1], (c + 1) * from[0] * from[1]);
      if (this.#ranges) clip(plane, from[1], this.#ranges[c], this.#separate);
      if (!identity) this.#across.resize(plane, out.subarray(c * to[0] * to[1], (c + 1) * to[0] * to[1]));
    }
    return out;
  }
}

function extremes(values: Float32Array): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function clip(plane: Float32Array, width: number, range: ClipRange, separate: 1 | 2 | null): void {
  const { planes } = range;
  const perPlane = planes !== undefined && planes.axis === separate;
  for (let i = 0, y = 0; i < plane.length; y++) {
    for (let x = 0; x < width; x++, i++) {
      const p = separate === 1 ? y : x;
      const low = perPlane ? planes.min[p] : range.low;
      const high = perPlane ? planes.max[p] : range.high;
      plane[i] = clamp(plane[i], low, high);
    }
  }
}
