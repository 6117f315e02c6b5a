import { clamp } from '../clamp.js';
import { type AxisWeights, axisWeights, coordinate, type SplineOrder } from './interpolation.js';
import { cubicWeights, prefilterColumns, prefilterLine } from './spline.js';

/**
 * Coefficients kept beyond each end: output samples reach at most half a sample past the first and
 * last input.
 */
const margin = 2;

/**
 * Resizes one plane [y, x] to another size, each axis with its own order, as
 * scipy.ndimage.zoom(mode='nearest', grid_mode=True) does, and so
 * skimage.transform.resize(mode='edge', anti_aliasing=False). Computes in f64 and rounds once, to
 * f32. Holds one plane of f64.
 *
 * A cubic axis is prefiltered by recursion and then takes 4 neighbours: 8 multiplications a sample
 * where the equal banded matrix takes 32.
 */
export class PlaneResizer {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly #x: AxisWeights;
  readonly #y: AxisWeights;
  readonly #line: Float64Array;
  readonly #columns: Float64Array;
  readonly #sum: Float64Array;
  readonly #cubicX: boolean;
  readonly #cubicY: boolean;

  constructor(
    from: readonly [number, number],
    to: readonly [number, number],
    orders: readonly [SplineOrder, SplineOrder],
  ) {
    this.from = from;
    this.to = to;
    this.#cubicY = orders[0] === 3 && from[0] !== to[0];
    this.#cubicX = orders[1] === 3 && from[1] !== to[1];
    this.#y = this.#cubicY ? coefficientWeights(from[0], to[0]) : axisWeights(from[0], to[0], orders[0]);
    this.#x = this.#cubicX ? coefficientWeights(from[1], to[1]) : axisWeights(from[1], to[1], orders[1]);
    this.#line = new Float64Array(this.#x.from);
    this.#columns = new Float64Array(this.#y.from * to[1]);
    this.#sum = new Float64Array(to[1]);
  }

  /** Whether the plane keeps its size, so that `resize` only copies. */
  get identity(): boolean {
    return this.from[0] === this.to[0] && this.from[1] === this.to[1];
  }

  /**
   * @param source starts with the plane, C order
   * @param target takes the resized plane, C order
   * @param low, high range that the result is clipped to
   */
  resize(
    source: Float32Array,
    target: Float32Array,
    low = Number.NEGATIVE_INFINITY,
    high = Number.POSITIVE_INFINITY,
  ): void {
    if (this.identity) {
      target.set(source.subarray(0, this.from[0] * this.from[1]));
      return;
    }
    const pad = this.#cubicY ? margin : 0;
    for (let y = 0; y < this.from[0]; y++) this.#alongX(source, y * this.from[1], (y + pad) * this.to[1]);
    if (this.#cubicY) this.#prefilterY();
    this.#alongY(target, low, high);
  }

  #alongX(source: Float32Array, at: number, out: number): void {
    const line = this.#line;
    const width = this.from[1];
    const pad = this.#cubicX ? margin : 0;
    for (let x = 0; x < width; x++) line[pad + x] = source[at + x];
    if (this.#cubicX) {
      line.fill(line[pad], 0, pad);
      line.fill(line[pad + width - 1], pad + width);
      prefilterLine(line);
    }
    const { count, first, weights, to } = this.#x;
    const columns = this.#columns;
    if (count === 4) {
      for (let x = 0, w = 0; x < to; x++, w += 4) {
        const f = first[x];
        columns[out + x] =
          weights[w] * line[f] +
          weights[w + 1] * line[f + 1] +
          weights[w + 2] * line[f + 2] +
          weights[w + 3] * line[f + 3];
      }
      return;
    }
    for (let x = 0; x < to; x++) {
      let sum = 0;
      for (let t = 0; t < count; t++) sum += weights[x * count + t] * line[first[x] + t];
      columns[out + x] = sum;
    }
  }

  #prefilterY(): void {
    const width = this.to[1];
    const columns = this.#columns;
    const rows = this.#y.from;
    for (let row = 0; row < margin; row++) {
      columns.copyWithin(row * width, margin * width, (margin + 1) * width);
      columns.copyWithin((rows - 1 - row) * width, (rows - 1 - margin) * width, (rows - margin) * width);
    }
    prefilterColumns(columns, width);
  }

  #alongY(target: Float32Array, low: number, high: number): void {
    const width = this.to[1];
    const { count, first, weights, to } = this.#y;
    const columns = this.#columns;
    const sum = this.#sum;
    for (let y = 0; y < to; y++) {
      const row = first[y] * width;
      const w = y * count;
      if (count === 4) {
        const [a, b, c, d] = [weights[w], weights[w + 1], weights[w + 2], weights[w + 3]];
        for (let x = 0, i = row; x < width; x++, i++) {
          sum[x] = a * columns[i] + b * columns[i + width] + c * columns[i + 2 * width] + d * columns[i + 3 * width];
        }
      } else {
        sum.fill(0);
        for (let t = 0; t < count; t++) {
          for (let x = 0, i = row + t * width; x < width; x++, i++) sum[x] += weights[w + t] * columns[i];
        }
      }
      for (let x = 0, i = y * width; x < width; x++, i++) {
        target[i] = clamp(sum[x], low, high);
      }
    }
  }
}

/** Four neighbours among B-spline coefficients that carry `margin` more at each end. */
function coefficientWeights(from: number, to: number): AxisWeights {
  const first = new Int32Array(to);
  const weights = new Float64Array(4 * to);
  for (let i = 0; i < to; i++) {
    const x = coordinate(i, from, to);
    const below = Math.floor(x);
    first[i] = below - 1 + margin;
    weights.set(cubicWeights(x - below), 4 * i);
  }
  return { from: from + 2 * margin, to, count: 4, first, weights };
}
