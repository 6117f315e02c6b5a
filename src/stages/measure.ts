import ndarray from 'ndarray';
import type { ChannelStatistics, Grid, Slice } from '../chunks.js';
import { TempFile } from '../files/temp-file.js';
import { clippedStatistics } from '../maths/volume/clipped-statistics.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { describeSpread, emptySpread, mergeSpreads, type Spread, spreadWhere } from '../maths/volume/spread.js';
import type { Plan } from '../plan.js';
import { SliceOrder } from './slice-order.js';
import { type Stage, stage } from './stage.js';

export interface MeasureOptions {
  /** Whose channels may be clipped to percentiles of the grid. @default none is */
  readonly plan?: Pick<Plan, 'channels'> | undefined;
  /**
   * Folder for the temporary file; a tmpfs would be memory.
   * @default the system's folder for temporary files
   */
  readonly tmpdir?: string | undefined;
}

/**
 * Writes the slices of a grid to a temporary file while it measures every channel, over the whole
 * grid and inside the non-zero mask where slices carry one, then plays them back with
 * `grid.statistics`. nnU-Net v1 takes mean and deviation of a scan after resampling it, and a plan
 * file may too, and percentiles. Slices of a grid that has been measured go straight through.
 *
 * Source: nnunet 1.7.1 preprocessing/preprocessing.py, `resample_and_normalize`.
 *
 * @throws SegcanaryError `io` where the folder has no room, `truncated` when the input ends before
 *   the grid does
 */
export function measure(options: MeasureOptions = {}): Stage<Slice, Slice> {
  let grid: Grid | null = null;
  let masked = false;
  let file: TempFile | null = null;
  let whole: Spread[] = [];
  let inside: Spread[] = [];
  const order = new SliceOrder('measure');

  /** The slices of the file, as slices of the grid. */
  async function* playBack(of: Grid, signal: AbortSignal): AsyncGenerator<Slice> {
    const [depth, height, width] = of.shape;
    const plane = height * width;
    const stride = 4 * of.channels * plane + (masked ? plane : 0);
    for (let z = 0; z < depth; z++) {
      signal.throwIfAborted();
      const data = new Float32Array(of.channels * plane);
      await file!.read(data, z * stride);
      const slice = { grid: of, z, data: ndarray(data, [of.channels, height, width]) };
      if (!masked) {
        yield slice;
        continue;
      }
      const nonzero = new Uint8Array(plane);
      await file!.read(nonzero, z * stride + data.byteLength);
      yield { ...slice, nonzero: ndarray(nonzero, [height, width]) };
    }
  }

  return stage<Slice, Slice>(
    { name: 'measure' },
    {
      async *transform(slice) {
        if (slice.grid.statistics) {
          yield slice;
          return;
        }
        order.take(slice);
        if (grid === null) {
          grid = slice.grid;
          masked = slice.nonzero !== undefined;
          file = TempFile.open(options.tmpdir, grid.scan.case);
          whole = new Array<Spread>(grid.channels).fill(emptySpread);
          inside = [...whole];
        }
        const data = contiguous(slice.data);
        const nonzero = slice.nonzero && contiguous(slice.nonzero);
        add(whole, data);
        if (nonzero) add(inside, data, nonzero);
        await file!.append(data);
        if (nonzero) await file!.append(nonzero);
      },
      async *flush(signal) {
        if (grid === null) return;
        const bare = grid;
        order.end();
        const statistics: ChannelStatistics[] = [];
        for (const [c, spread] of whole.entries()) {
          const channel = options.plan?.channels[c];
          statistics.push({
            ...describeSpread(spread),
            ...(masked && { nonzero: describeSpread(inside[c]) }),
            ...(channel && (await clippedStatistics(() => playBack(bare, signal), c, channel))),
          });
        }
        yield* playBack({ ...grid, statistics }, signal);
      },
      async close() {
        await file?.close();
        file = null;
      },
    },
  );
}

/**
 * Adds a slice, [c, y, x], to the spread of every channel; only where `included` is not 0, if it
 * is one.
 */
function add(spreads: Spread[], data: Float32Array, mask?: Uint8Array): void {
  const plane = data.length / spreads.length;
  const included = mask ?? new Uint8Array(plane).fill(1);
  spreads.forEach((spread, c) => {
    spreads[c] = mergeSpreads(spread, spreadWhere(data.subarray(c * plane, (c + 1) * plane), included));
  });
}
