import type { Scan, Slice, WorstPatch } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { openScan } from '../formats/open.js';
import type { SliceReading, SliceSource } from '../formats/scan-source.js';
import type { ScanLimits } from '../limits.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { runScan } from '../scans/run.js';
import { chain } from '../stages/chain.js';

/** How images of a result, and its scan, are read again. */
export interface Rereading {
  readonly case: string;
  readonly limits?: Partial<ScanLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly tmpdir?: string | undefined;
}

/** Shows every slice of an image, [y, x], z ascending. */
export async function eachSlice(
  path: string,
  { case: name, limits, signal }: Rereading,
  take: (z: number, values: Float32Array) => void | Promise<void>,
): Promise<void> {
  const bytes = await openScan(path, limits, signal);
  await runScan(bytes, { case: name, file: name, limits, signal }, chain<Slice>(), {
    init: () => null,
    add: async (state: null, { z, data }: Slice) => {
      await take(z, contiguous(data));
      return state;
    },
    finish: () => {},
  });
}

/** The scan that a series makes, and what lets its files go, which are there until then. */
export async function openSeries(
  source: SliceSource,
  reading: Rereading & Pick<SliceReading, 'orientations'>,
): Promise<{ readonly scan: Scan; close(): Promise<void> }> {
  const slices = slicesOf(source, { ...reading, only: new Set([0]) });
  const first = await slices.next();
  if (first.done) throw new SegcanaryError('truncated', 'has no slice.', { subject: reading.case });
  return {
    scan: first.value.grid.scan,
    close: async () => {
      await slices.return(undefined);
    },
  };
}

/** The first channel of some slices of a series. */
export async function planesOfSeries(
  source: SliceSource,
  reading: Rereading & Pick<SliceReading, 'orientations'>,
  wanted: ReadonlySet<number>,
): Promise<ReadonlyMap<number, Float32Array>> {
  const found = new Map<number, Float32Array>();
  for await (const { z, grid, data } of slicesOf(source, { ...reading, only: wanted })) {
    const [, height, width] = grid.scan.shape;
    if (wanted.has(z)) found.set(z, contiguous(data).slice(0, height * width));
    if (found.size === wanted.size) break;
  }
  return found;
}

async function* slicesOf(
  source: SliceSource,
  { case: name, limits, orientations, only, signal }: Rereading & Pick<SliceReading, 'orientations' | 'only'>,
): AsyncGenerator<Slice, undefined, undefined> {
  for await (const slice of source.slices({ case: name, name, limits, orientations, only })) {
    if (signal?.aborted) throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: name });
    yield slice;
  }
}

/** Slices that a page shows, and why. */
export type Choice = readonly { readonly z: number; readonly title: string }[];

/**
 * Chooses the slices of a page while those of the map go by, and keeps the maps of these: that of
 * the worst patch, the one of the highest mean, the middle one. Where two of these are one, others
 * stand in.
 */
export class PageChoice {
  readonly #fixed: ReadonlyMap<number, string>;
  /** Those that stand in. */
  readonly #spare: readonly number[];
  readonly #maps = new Map<number, Float32Array>();
  #highest: { readonly z: number; readonly mean: number; readonly map: Float32Array } | null = null;

  constructor({ shape }: Pick<Scan, 'shape'>, worst: WorstPatch | null) {
    const middle: [number, string] = [shape[0] >> 1, 'middle'];
    this.#fixed = new Map(worst ? [middle, [worst.centre[2], 'worst patch']] : [middle]);
    this.#spare = [1, 3, 0, 4].map((quarter) => Math.min((quarter * shape[0]) >> 2, shape[0] - 1));
  }

  map(z: number, values: Float32Array): void {
    if (this.#fixed.has(z) || this.#spare.includes(z)) this.#maps.set(z, values.slice());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (this.#highest === null || mean > this.#highest.mean) this.#highest = { z, mean, map: values.slice() };
  }

  /** In the order of what is most looked at; fewer than three where the scan has no more. */
  get choice(): Choice {
    const chosen = new Map([...this.#fixed].reverse());
    const highest = this.#highest;
    if (highest && !chosen.has(highest.z)) chosen.set(highest.z, 'highest mean');
    for (const z of this.#spare) if (chosen.size < 3 && !chosen.has(z)) chosen.set(z, 'for comparison');
    return [...chosen].map(([z, title]) => ({ z, title }));
  }

  mapAt(z: number): Float32Array | null {
    return this.#maps.get(z) ?? (this.#highest?.z === z ? this.#highest.map : null);
  }
}
