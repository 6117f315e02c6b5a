/**
 * Bins of equal width over normalised intensities; what lies beyond is counted in the first and the
 * last.
 */
const BINS = 150;
const [LOW, HIGH] = [-5, 5];

/** Counts the intensities of a scan, slice by slice, after normalisation: every channel apart. */
export class IntensityHistogram {
  readonly #counts: Float64Array;
  readonly #channels: number;

  constructor(channels: number) {
    this.#channels = channels;
    this.#counts = new Float64Array(channels * BINS);
  }

  /** @param data [c, y, x] in C order */
  push(data: Float32Array): void {
    const plane = data.length / this.#channels;
    for (let i = 0; i < data.length; i++) {
      const bin = Math.floor(((data[i] - LOW) / (HIGH - LOW)) * BINS);
      this.#counts[Math.floor(i / plane) * BINS + Math.min(Math.max(bin, 0), BINS - 1)]++;
    }
  }

  /** Shares of the voxels, [channels * bins]; each channel's sum to 1. */
  get shares(): number[] {
    const total = this.#counts.reduce((sum, n) => sum + n, 0) / this.#channels;
    return [...this.#counts].map((n) => n / total);
  }
}
