import type { TempFile } from '../../files/temp-file.js';
import { BackgroundRuns, closedOutside, runFields } from '../../maths/volume/background-runs.js';

/** Where one slice's records lie in the file. */
interface Place {
  readonly runsAt: number;
  readonly runs: number;
  readonly components: number;
  /**
   * Where the component table lies: first it says what each component becomes in the next slice,
   * after `resolve` whether it is outside.
   */
  tableAt: number;
}

/**
 * The hole-filled non-zero mask of a scan (scipy's 3-D binary_fill_holes of "any channel is not
 * 0"), kept as runs of background in a file: a few kilobytes a slice on disk, two slices' worth in
 * memory.
 */
export class NonzeroMask {
  readonly #file: TempFile;
  readonly #background: BackgroundRuns;
  readonly #depth: number;
  readonly #width: number;
  readonly #occupied: Uint8Array;
  readonly #places: Place[] = [];

  /** @param shape [z, y, x] of the scan */
  constructor(file: TempFile, shape: readonly [number, number, number]) {
    this.#file = file;
    this.#depth = shape[0];
    this.#width = shape[2];
    this.#background = new BackgroundRuns(shape[1], shape[2]);
    this.#occupied = new Uint8Array(shape[1] * shape[2]);
  }

  /** Takes the next slice, [c, y, x] in C order. */
  async push(data: Float32Array): Promise<void> {
    const occupied = this.#occupied;
    occupied.fill(0);
    for (let at = 0; at < data.length; at += occupied.length) {
      for (let i = 0; i < occupied.length; i++) if (data[at + i] !== 0) occupied[i] = 1;
    }
    const { runs, components, next } = this.#background.push(occupied);
    const before = this.#places.at(-1);
    if (before) before.tableAt = await this.#file.append(next);
    const runsAt = await this.#file.append(runs);
    this.#places.push({ runsAt, runs: runs.length / runFields, components, tableAt: -1 });
  }

  /**
   * Once every slice has been taken: finds out, from the last slice to the first, what is outside.
   * Returns the number of voxels in the mask.
   */
  async resolve(): Promise<number> {
    const last = this.#places.at(-1)!;
    // Whatever reaches the last slice reaches the border.
    let outside = new Int32Array(last.components).fill(1);
    last.tableAt = await this.#file.append(outside);
    let voxels = this.#depth * this.#occupied.length;
    for (let z = this.#places.length - 1; z >= 0; z--) {
      const place = this.#places[z];
      if (z < this.#places.length - 1) {
        const table = new Int32Array(place.components);
        await this.#file.read(table, place.tableAt);
        const later = outside;
        outside = table.map((next) => (next >= 0 ? later[next] : next === closedOutside ? 1 : 0));
        await this.#file.write(outside, place.tableAt);
      }
      const runs = await this.#runs(place);
      for (let r = 0; r < runs.length; r += runFields) {
        if (outside[runs[r + 3]] === 1) voxels -= runs[r + 2] - runs[r + 1];
      }
    }
    return voxels;
  }

  /**
   * Writes slice z of the mask into `target`, [y, x]: 1 inside, 0 outside. Only after `resolve`.
   */
  async paint(z: number, target: Uint8Array): Promise<void> {
    const place = this.#places[z];
    const outside = new Int32Array(place.components);
    await this.#file.read(outside, place.tableAt);
    const runs = await this.#runs(place);
    target.fill(1);
    for (let r = 0; r < runs.length; r += runFields) {
      if (outside[runs[r + 3]] !== 1) continue;
      const row = runs[r] * this.#width;
      target.fill(0, row + runs[r + 1], row + runs[r + 2]);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #runs(place: Place): Promise<Int32Array> {
    const runs = new Int32Array(place.runs * runFields);
    await this.#file.read(runs, place.runsAt);
    return runs;
  }
}
