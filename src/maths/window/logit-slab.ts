import type { Tiling, Triple } from '../../chunks.js';
import { gaussianWindow } from './gaussian-window.js';

/**
 * Puts overlapping patches of logits together: each weighted with nnU-Net's Gaussian, summed,
 * divided by the summed weights. Holds as many slices as a patch is deep and gives a slice away as
 * soon as no patch to come touches it.
 *
 * The tiles are a Cartesian product of origins and the Gaussian is an outer product, so the summed
 * weights are an outer product too: three vectors. Along an axis with a single tile the weights
 * cancel and are taken as 1. Source: nnunetv2 sliding_window_prediction.py,
 * predict_from_raw_data.py `_internal_predict_sliding_window_return_logits`, whose float16 rounding
 * of weights, sums and logits is left out.
 */
export class LogitSlab {
  readonly #tiling: Tiling;
  readonly #shape: Triple;
  readonly #classes: number;
  /** [slot, class, y, x]: weighted sums over the unpadded plane. */
  readonly #ring: Float32Array;
  readonly #windows: readonly [Float64Array, Float64Array, Float64Array];
  /** 1 / summed weights along each axis of the unpadded grid. */
  readonly #scales: readonly [Float64Array, Float64Array, Float64Array];
  #next = 0;

  /**
   * @param shape voxels of the unpadded grid, [z, y, x]
   * @param classes logits of a voxel
   */
  constructor(shape: Triple, tiling: Tiling, classes: number) {
    this.#shape = shape;
    this.#tiling = tiling;
    this.#classes = classes;
    this.#ring = new Float32Array(Math.min(tiling.patchSize[0], shape[0]) * classes * shape[1] * shape[2]);
    const each = <T>(of: (axis: 0 | 1 | 2) => T): [T, T, T] => [of(0), of(1), of(2)];
    this.#windows = each((a) =>
      tiling.origins[a].length > 1
        ? gaussianWindow(tiling.patchSize[a])
        : new Float64Array(tiling.patchSize[a]).fill(1),
    );
    this.#scales = each((a) => this.#scale(a));
  }

  /** Slices that have not been given away. */
  get remaining(): number {
    return this.#shape[0] - this.#next;
  }

  /**
   * Takes the next patch, in C order of the tiles, and yields [z, logits] of the slices that it
   * completes.
   *
   * @param data [class, z, y, x] in C order
   * @yields [class, y, x] in C order; the array is the receiver's
   */
  *push(tile: Triple, data: Float32Array): Generator<[number, Float32Array]> {
    const { origins } = this.#tiling;
    this.#add(tile, data);
    if (tile[1] !== origins[1].length - 1 || tile[2] !== origins[2].length - 1) return;
    const following = origins[0][tile[0] + 1];
    const end = following === undefined ? this.#shape[0] : following - this.#tiling.before[0];
    while (this.#next < end) yield [this.#next, this.#take(this.#next++)];
  }

  #scale(axis: 0 | 1 | 2): Float64Array {
    const { origins, before, patchSize } = this.#tiling;
    const sums = new Float64Array(this.#shape[axis]);
    for (const origin of origins[axis]) {
      for (let j = 0; j < patchSize[axis]; j++) {
        const v = origin + j - before[axis];
        if (v >= 0 && v < sums.length) sums[v] += this.#windows[axis][j];
      }
    }
    return sums.map((sum) => 1 / sum);
  }

  #add(tile: Triple, data: Float32Array): void {
    const { origins, before, patchSize } = this.#tiling;
    const [depth, height, width] = this.#shape;
    const [wz, wy, wx] = this.#windows;
    const [pz, py, px] = patchSize;
    const z0 = origins[0][tile[0]] - before[0];
    const y0 = origins[1][tile[1]] - before[1];
    const x0 = origins[2][tile[2]] - before[2];
    const slots = this.#ring.length / (this.#classes * height * width);
    const xFrom = Math.max(0, -x0);
    const xTo = Math.min(px, width - x0);
    for (let c = 0; c < this.#classes; c++) {
      for (let z = Math.max(0, -z0); z < Math.min(pz, depth - z0); z++) {
        const plane = (((z0 + z) % slots) * this.#classes + c) * height;
        for (let y = Math.max(0, -y0); y < Math.min(py, height - y0); y++) {
          const weight = wz[z] * wy[y];
          const source = ((c * pz + z) * py + y) * px;
          const target = (plane + y0 + y) * width + x0;
          addWeighted(this.#ring, target, data, source, wx, weight, xFrom, xTo);
        }
      }
    }
  }

  #take(z: number): Float32Array {
    const [, height, width] = this.#shape;
    const [sz, sy, sx] = this.#scales;
    const size = this.#classes * height * width;
    const slot = (z % (this.#ring.length / size)) * size;
    const out = this.#ring.slice(slot, slot + size);
    this.#ring.fill(0, slot, slot + size);
    for (let row = 0, i = 0; row < this.#classes * height; row++) {
      const scale = sz[z] * sy[row % height];
      for (let x = 0; x < width; x++, i++) out[i] *= scale * sx[x];
    }
    return out;
  }
}

/** One line. A function of its own, so that it is compiled by itself. */
function addWeighted(
  target: Float32Array,
  to: number,
  source: Float32Array,
  from: number,
  window: Float64Array,
  weight: number,
  start: number,
  stop: number,
): void {
  for (let x = start; x < stop; x++) target[to + x] += weight * window[x] * source[from + x];
}
