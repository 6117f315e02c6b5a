import ndarray from 'ndarray';
import type { Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/contiguous.js';
import type { Grade, Shift } from '../simulate/shift.js';
import { type Stage, stage } from './stage.js';

export interface SimulateOptions {
  readonly shift: Shift;
  readonly grade: Grade;
  /** @default 0 */
  readonly seed?: number;
}

/**
 * Applies a scanner shift to the slices of a CT, one by one. Put it right after `load`.
 *
 * @throws SegcanaryError `scan-unsuitable` for several channels
 */
export function simulate({ shift, grade, seed = 0 }: SimulateOptions): Stage<Slice, Slice> {
  const change = shift.at(grade, seed);
  return stage<Slice, Slice>(
    { name: 'simulate' },
    {
      *transform({ grid, z, data }) {
        if (grid.channels !== 1) {
          throw new SegcanaryError(
            'scan-unsuitable',
            `${grid.scan.case}: has ${grid.channels} channels; shifts are simulated on a CT of one.`,
          );
        }
        const changed = change({ z, data: contiguous(data), scan: grid.scan });
        yield { grid, z, data: ndarray(changed, data.shape) };
      },
    },
  );
}
