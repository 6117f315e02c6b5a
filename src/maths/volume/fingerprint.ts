import type { Box, Triple } from '../../chunks.js';
import type { AxisMap } from './orientation.js';

/** Odd, so that they have inverses modulo 2^32: of x, y and z for each of the four sums. */
const BASES = [
  [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d],
  [0x27d4eb2f, 0x165667b1, 0xd3a2646d],
  [0xfd7046c5, 0xb55a4f09, 0x8f2b5c33],
  [0x6c8e9cf5, 0xa3d8b2e7, 0x5bd1e995],
] as const;
const LANES = BASES.length;

/**
 * What a scan's voxels are, whatever is around them: four sums modulo 2^32 a channel,
 *
 *   H = sum over the voxels of the box of g(v) a^x b^y c^z,
 *
 * with x, y, z counted from the box's corner, g a mixing of the 32 bits of the value, and a, b, c
 * odd. The box is that of the voxels above their channel's least value: a margin of that value,
 * which is what scans are padded with, is not part of it. Neither box nor least value is known
 * before the end, and no slice is kept: the sum over the whole grid is shifted by powers of the
 * bases, which have inverses, and what the margin added is subtracted as a product of geometric
 * sums.
 *
 * Where the scan's axes are brought to others, x, y and z are counted along those: an axis that
 * lies elsewhere takes the base of its place, and one that runs the other way the inverse of its
 * base, times a power at the end. So a scan that was turned or mirrored has the sums that it had.
 *
 * Sums of 128 bits, so that different scans do not agree by chance; nobody is kept from making a
 * pair that does on purpose.
 */
export class Fingerprint {
  readonly #shape: Triple;
  readonly #axes: AxisMap;
  readonly #channels: readonly ChannelSums[];

  /**
   * @param shape [z, y, x]
   * @param axes along which the voxels are counted, as `rasAxes` gives them; by default as they lie
   */
  constructor(shape: Triple, channels: number, axes: AxisMap = AS_STORED) {
    this.#shape = shape;
    this.#axes = axes;
    this.#channels = Array.from({ length: channels }, () => new ChannelSums(shape, axes));
  }

  /** @param data slice z, [c, y, x] in C order; z ascending from 0 */
  push(z: number, data: Float32Array): void {
    const plane = data.length / this.#channels.length;
    for (const [c, sums] of this.#channels.entries()) sums.push(z, data.subarray(c * plane, (c + 1) * plane));
  }

  /** Size of the box along its axes, and the sums of each channel over it. */
  get sums(): { readonly shape: Triple; readonly channels: readonly (readonly number[])[] } {
    const start = [...this.#shape] as [number, number, number];
    const stop: [number, number, number] = [0, 0, 0];
    for (const { box } of this.#channels)
      for (const axis of [0, 1, 2] as const) {
        start[axis] = Math.min(start[axis], box.start[axis]);
        stop[axis] = Math.max(stop[axis], box.stop[axis]);
      }
    const size = (i: 0 | 1 | 2) => Math.max(0, stop[this.#axes.axes[i]] - start[this.#axes.axes[i]]);
    return {
      shape: [size(0), size(1), size(2)],
      channels: this.#channels.map((sums) => sums.over({ start, stop })),
    };
  }
}

/** Nothing is turned. */
const AS_STORED: AxisMap = { axes: [0, 1, 2], flipped: [false, false, false] };

/** What stands for one step along each of the scan's own axes [z, y, x], of one lane. */
interface Steps {
  readonly bases: Triple;
  /** The base itself of an axis that runs the other way, 1 of any other. */
  readonly turned: Triple;
}

function stepsOf([x, y, z]: readonly [number, number, number], { axes, flipped }: AxisMap): Steps {
  const of = (axis: number) => {
    const i = axes.indexOf(axis);
    return { base: [z, y, x][i], isFlipped: flipped[i] };
  };
  const all = [of(0), of(1), of(2)] as const;
  const step = ({ base, isFlipped }: (typeof all)[number]) => (isFlipped ? inverse(base) : base);
  const turn = ({ base, isFlipped }: (typeof all)[number]) => (isFlipped ? base : 1);
  return {
    bases: [step(all[0]), step(all[1]), step(all[2])],
    turned: [turn(all[0]), turn(all[1]), turn(all[2])],
  };
}

/** One channel. */
class ChannelSums {
  readonly #shape: Triple;
  readonly #steps: readonly Steps[];
  /** Powers of the bases along x and y, [lane][i]. */
  readonly #alongX: readonly Int32Array[];
  readonly #alongY: readonly Int32Array[];
  readonly #sums = new Int32Array(LANES);
  readonly #powersOfZ = new Int32Array(LANES).fill(1);
  #least = Number.POSITIVE_INFINITY;
  /** The box of the voxels above the least value so far. */
  readonly #start: [number, number, number];
  readonly #stop: [number, number, number] = [0, 0, 0];

  constructor(shape: Triple, axes: AxisMap) {
    this.#shape = shape;
    this.#steps = BASES.map((bases) => stepsOf(bases, axes));
    this.#alongX = this.#steps.map(({ bases }) => powers(bases[2], shape[2]));
    this.#alongY = this.#steps.map(({ bases }) => powers(bases[1], shape[1]));
    this.#start = [...shape];
  }

  get box(): Box {
    return { start: this.#start, stop: this.#stop };
  }

  push(z: number, plane: Float32Array): void {
    const [, height, width] = this.#shape;
    const bits = new Int32Array(plane.buffer, plane.byteOffset, plane.length);
    const [x0, x1, x2, x3] = this.#alongX;
    const slice = new Int32Array(LANES);
    for (let y = 0; y < height; y++) {
      const at = y * width;
      let h0 = 0;
      let h1 = 0;
      let h2 = 0;
      let h3 = 0;
      for (let x = 0; x < width; x++) {
        const g = mix(bits[at + x]);
        const other = mixAgain(g);
        h0 = (h0 + Math.imul(g, x0[x])) | 0;
        h1 = (h1 + Math.imul(g, x1[x])) | 0;
        h2 = (h2 + Math.imul(other, x2[x])) | 0;
        h3 = (h3 + Math.imul(other, x3[x])) | 0;
      }
      const row = [h0, h1, h2, h3];
      for (let lane = 0; lane < LANES; lane++) slice[lane] += Math.imul(row[lane], this.#alongY[lane][y]);
      this.#widen(z, y, plane.subarray(at, at + width));
    }
    for (let lane = 0; lane < LANES; lane++) {
      this.#sums[lane] += Math.imul(slice[lane], this.#powersOfZ[lane]);
      this.#powersOfZ[lane] = Math.imul(this.#powersOfZ[lane], this.#steps[lane].bases[0]);
    }
  }

  #widen(z: number, y: number, row: Float32Array): void {
    let least = this.#least;
    for (let x = 0; x < row.length; x++) if (row[x] < least) least = row[x];
    if (least < this.#least) this.#include(z, y);
    this.#least = least;
    let first = 0;
    while (first < row.length && row[first] === least) first++;
    if (first === row.length) return;
    let last = row.length - 1;
    while (row[last] === least) last--;
    this.#add([z, y, first], [z + 1, y + 1, last + 1]);
  }

  /** There is a new least value, so that all voxels before this row are above it. */
  #include(z: number, y: number): void {
    const [, height, width] = this.#shape;
    if (z > 0) this.#add([0, 0, 0], [z, height, width]);
    if (y > 0) this.#add([z, 0, 0], [z + 1, y, width]);
  }

  #add(start: Triple, stop: Triple): void {
    for (const axis of [0, 1, 2] as const) {
      this.#start[axis] = Math.min(this.#start[axis], start[axis]);
      this.#stop[axis] = Math.max(this.#stop[axis], stop[axis]);
    }
  }

  /** The sums over a box outside which every voxel has the least value. */
  over({ start, stop }: Box): number[] {
    if (stop[0] === 0) return new Array(LANES).fill(0);
    const leastBits = new Int32Array(Float32Array.of(this.#least).buffer)[0];
    return this.#steps.map(({ bases, turned }, lane) => {
      const g = lane < 2 ? mix(leastBits) : mixAgain(mix(leastBits));
      const overBox = (from: Triple, to: Triple) =>
        bases.reduce((product, base, axis) => Math.imul(product, geometric(base, from[axis], to[axis])), 1);
      const margin = (overBox([0, 0, 0], this.#shape) - overBox(start, stop)) | 0;
      const inside = (this.#sums[lane] - Math.imul(g, margin)) | 0;
      // To the corner of the box from which each axis is counted.
      const shift = bases.reduce((product, base, axis) => {
        const last = stop[axis] - start[axis] - 1;
        return Math.imul(Math.imul(product, power(inverse(base), start[axis])), power(turned[axis], last));
      }, 1);
      return Math.imul(inside, shift) >>> 0;
    });
  }
}

/**
 * Spreads the bits of a float32 over 32 bits, one to one (MurmurHash3's finaliser); 0 and -0 are 0.
 */
function mix(bits: number): number {
  let h = bits === -0x80000000 ? 0 : bits;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A second one, for sums of their own. */
function mixAgain(g: number): number {
  const h = Math.imul(g ^ (g >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 12);
}

/** base^0, base^1, …, modulo 2^32. */
function powers(base: number, n: number): Int32Array {
  const found = new Int32Array(n);
  for (let i = 0, p = 1; i < n; i++, p = Math.imul(p, base)) found[i] = p;
  return found;
}

/** base^from + … + base^(to - 1), modulo 2^32. */
function geometric(base: number, from: number, to: number): number {
  let sum = 0;
  for (let i = from, p = power(base, from); i < to; i++, p = Math.imul(p, base)) sum = (sum + p) | 0;
  return sum;
}

const power = (base: number, n: number): number => {
  let p = 1;
  for (let i = 0; i < n; i++) p = Math.imul(p, base);
  return p;
};

/**
 * The inverse of an odd number modulo 2^32: each step of Newton's doubles the bits that are right,
 * from 3 on.
 */
function inverse(odd: number): number {
  let x = odd | 0;
  for (let step = 0; step < 4; step++) x = Math.imul(x, (2 - Math.imul(odd, x)) | 0);
  return x;
}
