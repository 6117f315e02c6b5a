import ndarray from 'ndarray';
import type { Grid, Slice } from '../chunks.js';
import { contiguous } from '../maths/volume/contiguous.js';
import type { Plan } from '../plan.js';
import type { WarningListener } from '../results.js';
import { FurtherChannel } from './join/further-channel.js';
import { type Stage, stage } from './stage.js';

export interface JoinOptions {
  /** The other channels, in the order of the plan: slices of scans of one channel each. */
  readonly channels: readonly AsyncIterable<Slice>[];
  /**
   * Whether the plan's reader turns every channel by its own affine, and to which axes.
   * @default 'as-stored'
   */
  readonly reader?: Plan['reader'] | undefined;
  /**
   * Write a channel whose axes are not the first one's to a temporary file, to turn it. Without,
   * such a channel is refused.
   * @default true
   */
  readonly spool?: boolean | undefined;
  /** Where that file lies. @default the system's folder for temporary files */
  readonly tmpdir?: string | undefined;
  /** Told of channels that begin elsewhere, or whose axes run otherwise. */
  readonly onWarning?: WarningListener | undefined;
}

/**
 * Joins the channels of a case, each of which came as a file of its own: slices of the first
 * channel in, slices of all channels out, [c, y, x]. Geometry is the first channel's. Holds one
 * slice of each; under a reader that turns scans, a channel that is stored along other axes than
 * the first is spooled and played back along those of the first.
 *
 * @throws SegcanaryError `scan-unsuitable` where the channels differ in shape or spacing, or one
 *   has to be turned without a spool; `truncated` where one ends early; `io`
 */
export function join(options: JoinOptions): Stage<Slice, Slice> {
  const others = options.channels.map((channel, c) => new FurtherChannel(channel, c + 1, options));
  let grid: Grid | null = null;
  return stage<Slice, Slice>(
    { name: 'join' },
    {
      async *transform(first, signal) {
        const slices = [first, ...(await Promise.all(others.map((channel) => channel.next(first, signal))))];
        const channels = slices.length;
        grid ??= { ...first.grid, channels, scan: { ...first.grid.scan, channels } };
        const [, height, width] = first.grid.shape;
        const data = new Float32Array(channels * height * width);
        for (const [c, { data: plane }] of slices.entries()) data.set(contiguous(plane), c * height * width);
        yield { grid, z: first.z, data: ndarray(data, [channels, height, width]) };
      },
      async *flush() {
        for (const channel of others) await channel.end();
        yield* [];
      },
      async close() {
        await Promise.allSettled(others.map((channel) => channel.close()));
      },
    },
  );
}
