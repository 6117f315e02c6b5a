import ndarray from 'ndarray';
import type { Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import type { ScanStatistics } from '../simulate/shift.js';
import { SliceShifter, type SliceShifterOptions } from '../simulate/slice-shifter.js';
import { type Stage, stage } from './stage.js';

export interface SimulateOptions extends SliceShifterOptions {
  /**
   * What was measured over the whole scan; shifts of MR are relative to it.
   * @default what a `measure` stage before this one measured
   */
  readonly statistics?: ScanStatistics | undefined;
}

/**
 * Applies a scanner shift to the slices of a scan, or what it does to the truth to those of its
 * segmentation. Put it right after `load`; with a shift of MR, `measure()` between them.
 *
 * @throws SegcanaryError `scan-unsuitable` for several channels, `usage` for a shift of MR on a
 *   scan that was not measured
 */
export function simulate(options: SimulateOptions): Stage<Slice, Slice> {
  const shifter = new SliceShifter(options);
  let grid: Slice['grid'] | null = null;
  const sliceOf = ({ z, data }: { readonly z: number; readonly data: Float32Array }): Slice => {
    const [, height, width] = grid!.scan.shape;
    return { grid: grid!, z, data: ndarray(data, [1, height, width]) };
  };
  return stage<Slice, Slice>(
    { name: 'simulate' },
    {
      *transform(slice) {
        grid = slice.grid;
        const { scan, channels } = grid;
        if (channels !== 1) {
          throw new SegcanaryError(
            'scan-unsuitable',
            `has ${channels} channels; shifts are simulated on a scan of one.`,
            { subject: scan.case },
          );
        }
        const statistics = options.statistics ?? grid.statistics?.[0];
        const data = contiguous(slice.data);
        for (const shifted of shifter.push({ z: slice.z, data, scan, statistics })) yield sliceOf(shifted);
      },
      *flush() {
        for (const shifted of shifter.flush()) yield sliceOf(shifted);
      },
    },
  );
}
