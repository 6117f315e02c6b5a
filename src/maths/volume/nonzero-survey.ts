import type { Box, ChannelStatistics, Triple } from '../../chunks.js';
import { describeSpread, emptySpread, mergeSpreads, type Spread, spreadWhere } from './spread.js';

/**
 * Measures a scan in one pass: the box of its non-zero voxels over all channels, and each channel's
 * statistics over any region whose voxels outside the non-zero ones are 0.
 *
 * The crop box is known only at the end, but every voxel outside it is 0, and so is every voxel
 * that a hole-filled mask adds. So it is enough to measure the non-zero voxels and to merge the
 * zeros in afterwards by their number (Chan, Golub & LeVeque 1979). Sums are f64, two passes a
 * slice.
 */
export class NonzeroSurvey {
  readonly #shape: Triple;
  readonly #spreads: Spread[];
  readonly #start: [number, number, number];
  readonly #stop: [number, number, number] = [0, 0, 0];

  /** @param shape [z, y, x] of the scan */
  constructor(shape: Triple, channels: number) {
    this.#shape = shape;
    this.#spreads = new Array<Spread>(channels).fill(emptySpread);
    this.#start = [...shape];
  }

  /** @param data slice z, [c, y, x] in C order */
  push(z: number, data: Float32Array): void {
    const [, height, width] = this.#shape;
    const plane = height * width;
    for (const [c, before] of this.#spreads.entries()) {
      const channel = data.subarray(c * plane, (c + 1) * plane);
      const spread = spreadWhere(channel, channel);
      if (spread.count === 0) continue;
      this.#spreads[c] = mergeSpreads(before, spread);
      this.#widen(z, channel);
    }
  }

  /**
   * Half-open box of the non-zero voxels; the whole scan where there is none, as in nnU-Net
   * (acvl_utils `get_bbox_from_mask`).
   */
  get box(): Box {
    if (this.#stop[0] === 0) return { start: [0, 0, 0], stop: this.#shape };
    return { start: [...this.#start], stop: [...this.#stop] };
  }

  /** Statistics of a channel over `voxels` voxels, which hold all its non-zero ones. */
  over(channel: number, voxels: number): Pick<ChannelStatistics, 'min' | 'max' | 'mean' | 'std'> {
    const found = this.#spreads[channel];
    const zeros = voxels - found.count;
    return describeSpread(mergeSpreads(found, { count: zeros, mean: 0, squares: 0, min: 0, max: 0 }));
  }

  #widen(z: number, channel: Float32Array): void {
    const [, height, width] = this.#shape;
    const start = this.#start;
    const stop = this.#stop;
    start[0] = Math.min(start[0], z);
    stop[0] = Math.max(stop[0], z + 1);
    for (let y = 0, row = 0; y < height; y++, row += width) {
      let first = 0;
      while (first < width && channel[row + first] === 0) first++;
      if (first === width) continue;
      let last = width - 1;
      while (channel[row + last] === 0) last--;
      start[1] = Math.min(start[1], y);
      stop[1] = Math.max(stop[1], y + 1);
      start[2] = Math.min(start[2], first);
      stop[2] = Math.max(stop[2], last + 1);
    }
  }
}
