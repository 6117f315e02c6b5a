import { binOf } from './bins.js';

/**
 * Counts the intensities of a scan, slice by slice, in bins of its own for every channel. Holds a
 * number a bin.
 */
export class RawIntensities {
  readonly #binOf: readonly ((value: number) => number)[];
  readonly #counts: readonly Float64Array[];

  /** @param edges [bins + 1] of every channel, ascending */
  constructor(edges: readonly (readonly number[])[]) {
    const known = new Map<string, (value: number) => number>();
    this.#binOf = edges.map((of) => {
      const key = of.join();
      const bin = known.get(key) ?? binOf(of);
      known.set(key, bin);
      return bin;
    });
    this.#counts = edges.map((of) => new Float64Array(of.length - 1));
  }

  /** @param data [c, y, x] in C order */
  push(data: Float32Array): void {
    const plane = data.length / this.#counts.length;
    for (const [c, counts] of this.#counts.entries()) {
      const bin = this.#binOf[c];
      for (let i = c * plane; i < (c + 1) * plane; i++) counts[bin(data[i])]++;
    }
  }

  /** Shares of the voxels, [bins] of every channel; each sums to 1. */
  get shares(): number[][] {
    return this.#counts.map((counts) => {
      const total = counts.reduce((sum, n) => sum + n, 0);
      return [...counts].map((n) => n / total);
    });
  }
}
