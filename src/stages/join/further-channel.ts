import { Readable } from 'node:stream';
import type { Slice } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { isUnmoved } from '../../maths/volume/orientation.js';
import type { Plan } from '../../plan.js';
import type { WarningListener } from '../../results.js';
import { alignmentOf } from './alignment.js';
import { turned } from './turned.js';

export interface FurtherChannelOptions {
  readonly reader?: Plan['reader'] | undefined;
  readonly spool?: boolean | undefined;
  readonly tmpdir?: string | undefined;
  readonly onWarning?: WarningListener | undefined;
}

/** A channel of a case beside the first, slice by slice in the axes of the first. */
export class FurtherChannel {
  readonly #source: AsyncIterable<Slice>;
  readonly #number: number;
  readonly #options: FurtherChannelOptions;
  #slices: AsyncIterator<Slice>;
  #isCompared = false;

  /** @param number from 1 on */
  constructor(source: AsyncIterable<Slice>, number: number, options: FurtherChannelOptions) {
    this.#source = source;
    this.#number = number;
    this.#options = options;
    this.#slices = source[Symbol.asyncIterator]();
  }

  /**
   * The slice that belongs to this one of the first channel. Ask in order.
   *
   * @throws SegcanaryError `scan-unsuitable` where the two do not lie on each other, `truncated`
   *   where this one ends early
   */
  async next({ z, grid: { scan } }: Slice, signal: AbortSignal): Promise<Slice> {
    let { done, value } = await this.#slices.next();
    if (!done && !this.#isCompared) ({ done, value } = await this.#compared(value, scan, signal));
    if (!done) return value;
    throw new SegcanaryError('truncated', `channel ${this.#number} has only ${z} of ${scan.shape[0]} slices.`, {
      subject: scan.case,
    });
  }

  /** Reads it to its end: only there are checksums known to be right. */
  async end(): Promise<void> {
    while (!(await this.#slices.next()).done);
  }

  async close(): Promise<void> {
    // First: who waits for its next slice would otherwise wait for as long as its bytes do.
    if (this.#source instanceof Readable) this.#source.destroy();
    await this.#slices.return?.();
  }

  /** Its first slice, after a look at how it lies. */
  async #compared(slice: Slice, first: Slice['grid']['scan'], signal: AbortSignal): Promise<IteratorResult<Slice>> {
    this.#isCompared = true;
    const { reader = 'as-stored', spool = true, tmpdir, onWarning } = this.#options;
    const { map, warnings } = alignmentOf(first, slice.grid.scan, this.#number, reader);
    for (const warning of warnings) onWarning?.(warning, first.case);
    if (isUnmoved(map)) return { done: false, value: slice };
    if (!spool)
      throw new SegcanaryError(
        'scan-unsuitable',
        `channel ${this.#number} is stored along other axes than channel 0, and turning it takes the whole of it; run it with the spool stage (\`spool\`).`,
        { option: 'spool', subject: first.case },
      );
    this.#slices = turned(slice, this.#slices, map, { tmpdir, signal });
    return this.#slices.next();
  }
}
