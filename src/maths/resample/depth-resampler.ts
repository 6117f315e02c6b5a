import { type AxisWeights, axisWeights, type SplineOrder } from './interpolation.js';

/** Samples that are summed at a time, so that the f64 sums stay in the first-level cache. */
const block = 2048;

/**
 * Resamples a stack of planes along its depth while the planes arrive, holding as many as one
 * output sees: 1 for nearest, 2 for linear, 32 for cubic (the spline's prefilter included, cut
 * where 1e-8 is left).
 */
export class DepthResampler {
  readonly #axis: AxisWeights;
  readonly #size: number;
  readonly #ring: Float32Array[] = [];
  readonly #sums = new Float64Array(block);
  #pushed = 0;
  #emitted = 0;

  /**
   * @param size numbers in one plane, channels included
   */
  constructor(from: number, to: number, order: SplineOrder, size: number) {
    this.#axis = axisWeights(from, to, order);
    this.#size = size;
  }

  /** Planes held at most. */
  get depth(): number {
    return this.#axis.count;
  }

  /** The buffer for the next plane to arrive. Fill it, then call `advance`. */
  slot(): Float32Array {
    const index = this.#pushed % this.depth;
    this.#ring[index] ??= new Float32Array(this.#size);
    return this.#ring[index];
  }

  /**
   * The plane in `slot` is complete. Yields [index, plane] for every output that can now be
   * computed; each plane is the receiver's.
   */
  *advance(): Generator<[number, Float32Array]> {
    this.#pushed++;
    const { first, count, to } = this.#axis;
    while (this.#emitted < to && first[this.#emitted] + count <= this.#pushed) {
      yield [this.#emitted, this.#combine(this.#emitted)];
      this.#emitted++;
    }
  }

  #combine(i: number): Float32Array {
    const { first, count, weights } = this.#axis;
    const at = (t: number): Float32Array => this.#ring[(first[i] + t) % count];
    if (count === 1) return at(0).slice();
    const out = new Float32Array(this.#size);
    const sums = this.#sums;
    for (let start = 0; start < this.#size; start += block) {
      const length = Math.min(block, this.#size - start);
      sums.fill(0, 0, length);
      let t = 0;
      for (; t + 4 <= count; t += 4) {
        const w = i * count + t;
        add4(sums, length, start, at(t), at(t + 1), at(t + 2), at(t + 3), weights, w);
      }
      for (; t < count; t++) {
        const plane = at(t);
        const weight = weights[i * count + t];
        for (let k = 0; k < length; k++) sums[k] += weight * plane[start + k];
      }
      for (let k = 0; k < length; k++) out[start + k] = sums[k];
    }
    return out;
  }
}

/** Four planes a pass: the sums are read and written once for four multiplications. */
function add4(
  sums: Float64Array,
  length: number,
  start: number,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  d: Float32Array,
  weights: Float64Array,
  w: number,
): void {
  const wa = weights[w];
  const wb = weights[w + 1];
  const wc = weights[w + 2];
  const wd = weights[w + 3];
  for (let k = 0, j = start; k < length; k++, j++) sums[k] += wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j];
}
