import ndarray from 'ndarray';
import type { Grid, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { type Stage, stage } from './stage.js';

export interface JoinOptions {
  /** The other channels, in the order of the plan: slices of scans of one channel each. */
  readonly channels: readonly AsyncIterable<Slice>[];
}

/**
 * Joins the channels of a case, each of which came as a file of its own: slices of the first
 * channel in, slices of all channels out, [c, y, x]. Holds one slice of each. Geometry is the first
 * channel's.
 *
 * @throws SegcanaryError `scan-unsuitable` where the channels differ in shape, `truncated` where
 *   one ends early
 */
export function join(options: JoinOptions): Stage<Slice, Slice> {
  const others = options.channels.map((channel) => channel[Symbol.asyncIterator]());
  let grid: Grid | null = null;
  return stage<Slice, Slice>(
    { name: 'join' },
    {
      async *transform(first) {
        const rest = await Promise.all(others.map((channel) => channel.next()));
        const slices = [first, ...rest.map((result, c) => sliceOf(result, first, c + 1))];
        const channels = slices.length;
        grid ??= { ...first.grid, channels, scan: { ...first.grid.scan, channels } };
        const [, height, width] = first.grid.shape;
        const data = new Float32Array(channels * height * width);
        for (const [c, { data: plane }] of slices.entries()) data.set(contiguous(plane), c * height * width);
        yield { grid, z: first.z, data: ndarray(data, [channels, height, width]) };
      },
      async *flush() {
        // Read to their ends: only there are checksums known to be right.
        for (const channel of others) while (!(await channel.next()).done);
        yield* [];
      },
      async close() {
        await Promise.allSettled(others.map((channel) => channel.return?.()));
      },
    },
  );
}

function sliceOf(result: IteratorResult<Slice>, first: Slice, channel: number): Slice {
  const { scan } = first.grid;
  if (result.done)
    throw new SegcanaryError('truncated', `channel ${channel} has only ${first.z} of ${scan.shape[0]} slices.`, {
      subject: scan.case,
    });
  const other = result.value.grid.scan;
  if (other.shape.some((n, axis) => n !== scan.shape[axis])) {
    throw new SegcanaryError(
      'scan-unsuitable',
      `channel ${channel} has ${other.shape.join('x')} voxels and channel 0 ${scan.shape.join('x')}; resample the channels of a case to one grid first.`,
      { subject: scan.case },
    );
  }
  return result.value;
}
