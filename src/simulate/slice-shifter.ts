import type { CtSlice, Grade, Shift, SliceChange } from './shift.js';

export interface SliceShifterOptions {
  readonly shift: Shift;
  readonly grade: Grade;
  /** @default 0 */
  readonly seed?: number;
  /** What the slices are of: the scan, or its segmentation. @default 'scan' */
  readonly of?: 'scan' | 'truth';
}

/**
 * Applies a shift to the slices of one scan, given in order. Holds as many slices as the shift
 * averages.
 */
export class SliceShifter {
  readonly #change: SliceChange;
  readonly #thickness: number;
  #held: CtSlice[] = [];

  constructor({ shift, grade, seed = 0, of = 'scan' }: SliceShifterOptions) {
    const stays: SliceChange = ({ data }) => data.slice();
    this.#change = of === 'scan' ? shift.at(grade, seed) : (shift.truth?.(grade, seed) ?? stays);
    this.#thickness = of === 'scan' ? (shift.thickness?.(grade) ?? 1) : 1;
  }

  /** The slices that this one completes. */
  push(slice: CtSlice): CtSlice[] {
    this.#held.push(slice);
    return this.#held.length < this.#thickness ? [] : this.flush();
  }

  /** Those that wait for more: fewer at the end of the scan make a thinner mean. */
  flush(): CtSlice[] {
    const held = this.#held;
    this.#held = [];
    const mean = meanOf(held);
    return held.map((slice) => {
      const { z, scan, data } = slice;
      return { z, scan, data: this.#change({ ...slice, data: mean ?? data }) };
    });
  }
}

/** Null for one slice, which is its own. */
function meanOf(slices: readonly CtSlice[]): Float32Array | null {
  if (slices.length < 2) return null;
  return slices[0].data.map((_, i) => slices.reduce((sum, { data }) => sum + data[i], 0) / slices.length);
}
