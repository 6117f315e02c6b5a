import ndarray from 'ndarray';
import type { Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { SliceShifter, type SliceShifterOptions } from '../simulate/slice-shifter.js';
import { type Stage, stage } from './stage.js';

export type SimulateOptions = SliceShifterOptions;

/**
 * Applies a scanner shift to the slices of a CT, or what it does to the truth to those of its
 * segmentation. Put it right after `load`.
 *
 * @throws SegcanaryError `scan-unsuitable` for several channels
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
            `has ${channels} channels; shifts are simulated on a CT of one.`,
            { subject: scan.case },
          );
        }
        for (const shifted of shifter.push({ z: slice.z, data: contiguous(slice.data), scan })) yield sliceOf(shifted);
      },
      *flush() {
        for (const shifted of shifter.flush()) yield sliceOf(shifted);
      },
    },
  );
}
