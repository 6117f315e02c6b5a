import { pipeline } from 'node:stream/promises';
import type { ChannelBytes, LabelSlice, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { load } from '../stages/load.js';
import { type SimulateOptions, simulate } from '../stages/simulate.js';

/** The true segmentation of a scan, read slice by slice beside it. */
export class Truth {
  readonly #file: string;
  readonly #slices: AsyncIterator<Slice>;

  /** @param shift what the scan was changed by, which may change the truth */
  constructor(source: ChannelBytes, shift?: Omit<SimulateOptions, 'of'> | null) {
    this.#file = source.file;
    this.#slices = slicesOf(source, shift);
  }

  /**
   * The slice that belongs to this one of the network's segmentation. Ask in order.
   *
   * @throws SegcanaryError whatever is wrong with the file; `scan-unsuitable` where it is of
   *   another shape than the scan
   */
  async next({ grid: { scan } }: Pick<LabelSlice, 'grid'>): Promise<Float32Array> {
    const { value, done } = (await this.#slices.next()) as IteratorResult<Slice, undefined>;
    if (!done && value.grid.scan.shape.every((n, axis) => n === scan.shape[axis])) return value.data.data;
    throw new SegcanaryError(
      'scan-unsuitable',
      `has ${done ? 'fewer slices' : `${value.grid.scan.shape.toReversed().join(' x ')} voxels`} than its scan ${scan.case} (${scan.shape.toReversed().join(' x ')}); give the segmentation of this scan.`,
      { subject: this.#file },
    );
  }

  async close(): Promise<void> {
    await this.#slices.return?.();
  }
}

async function* slicesOf(
  { file, bytes }: ChannelBytes,
  shift?: Omit<SimulateOptions, 'of'> | null,
): AsyncGenerator<Slice, void, undefined> {
  // Masks are packed as well as bombs are; what they unpack to is bounded all the same.
  const loaded = load({ case: file, name: file, limits: { ratio: Number.POSITIVE_INFINITY } });
  const shifted = shift ? simulate({ ...shift, of: 'truth' }) : null;
  // Whoever reads the slices is told of an error; nobody else needs to be.
  pipeline(bytes, loaded).catch(() => {});
  if (shifted) pipeline(loaded, shifted).catch(() => {});
  yield* shifted ?? loaded;
}
