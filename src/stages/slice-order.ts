import type { Grid } from '../chunks.js';
import { SegcanaryError } from '../errors.js';

/** What every slice has, whatever it is a slice of. */
interface AnySlice {
  readonly grid: Grid;
  readonly z: number;
}

/** Sees that the slices of a grid reach a stage one after another, and all of them. */
export class SliceOrder {
  readonly #stage: string;
  #grid: Grid | null = null;
  #next = 0;

  /** @param stage its name, for messages */
  constructor(stage: string) {
    this.#stage = stage;
  }

  /** @throws SegcanaryError `scan-unsuitable` for a slice whose turn it is not */
  take({ grid, z }: AnySlice): void {
    this.#grid ??= grid;
    if (z !== this.#next)
      throw new SegcanaryError(
        'scan-unsuitable',
        `the ${this.#stage} stage got slice ${z} where slice ${this.#next} was due; feed it slices in order, one scan a pipeline.`,
        { subject: grid.scan.case },
      );
    this.#next++;
  }

  /** @throws SegcanaryError `truncated` where slices are missing; no slice at all is fine */
  end(): void {
    if (this.#grid === null || this.#next === this.#grid.shape[0]) return;
    throw new SegcanaryError(
      'truncated',
      `only ${this.#next} of ${this.#grid.shape[0]} slices reached the ${this.#stage} stage.`,
      { subject: this.#grid.scan.case },
    );
  }
}
