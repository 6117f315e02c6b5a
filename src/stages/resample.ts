import ndarray from 'ndarray';
import type { Grid, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { type ClipRange, GridResampler } from '../maths/resample/grid-resampler.js';
import { plannedGrid } from '../maths/resample/planned-grid.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { refuseHugeGrid } from '../maths/volume/grid-limits.js';
import { intensityMap, mapIntensity } from '../maths/volume/normalise.js';
import type { Plan } from '../plan.js';
import { SliceOrder } from './slice-order.js';
import { type Stage, stage } from './stage.js';

export interface ResampleOptions {
  readonly plan: Pick<Plan, 'spacing' | 'resizeTo' | 'resampling' | 'channels'> & Partial<Pick<Plan, 'order'>>;
}

/**
 * Resamples to the plan's spacing as nnU-Net does (separate z or one 3-D cubic spline), holding 32
 * slices at most, or resizes to the plan's one shape.
 *
 * Expects normalised slices, but of a plan of nnU-Net v1, which normalises last: then a non-zero
 * mask on the slices is resampled with them (linear, inside from .5 on). A grid whose shape stays
 * is passed through as it is. The range that nnU-Net clips to comes from `grid.statistics`; without
 * them a normalised CT is clipped to the range that its plan allows, and others are not clipped.
 *
 * Source: nnunetv2 default_resampling.py; nnunet 1.7.1 preprocessing.py, batchgenerators 0.24
 * `resize_segmentation`.
 *
 * @throws SegcanaryError `scan-unsuitable` where an axis would have no voxel left or the grid would
 *   be absurdly large; `truncated` when the input ends before the grid does
 */
export function resample(options: ResampleOptions): Stage<Slice, Slice> {
  const { resampling } = options.plan;
  let to: Grid | null = null;
  let images: Resampling | null = null;
  let masks: Resampling | null = null;
  /** A slice whose mask is not there yet. */
  let waiting: Resampled | null = null;
  const order = new SliceOrder('resample');
  return stage<Slice, Slice>(
    { name: 'resample' },
    {
      *transform(slice) {
        const { grid } = slice;
        order.take(slice);
        if (to === null) {
          to = plannedGrid(grid, options.plan);
          refuseEmpty(to);
          refuseHugeGrid(grid, to);
          if (to !== grid)
            images = new Resampling(new GridResampler(grid, to, resampling, clipRanges(grid, options.plan)));
          if (to !== grid && slice.nonzero && options.plan.order === 'resample-first') masks = maskResampling(grid, to);
        }
        if (images === null) {
          yield slice;
          return;
        }
        images.push(contiguous(slice.data));
        masks?.push(Float32Array.from(contiguous(slice.nonzero!)));
        for (waiting ??= images.next(); waiting !== null; waiting = images.next()) {
          const mask = masks?.next();
          if (mask === null) return;
          const [z, data] = waiting;
          yield {
            grid: to,
            z,
            data: ndarray(data, [to.channels, to.shape[1], to.shape[2]]),
            ...(mask && { nonzero: ndarray(insideFromHalfOn(mask), [to.shape[1], to.shape[2]]) }),
          };
        }
      },
      flush() {
        order.end();
        return [];
      },
      close() {
        images = null;
        masks = null;
        waiting = null;
      },
    },
  );
}

function refuseEmpty(grid: Grid): void {
  if (grid.shape.every((n) => n > 0)) return;
  throw new SegcanaryError(
    'scan-unsuitable',
    `resampled to ${grid.spacing.join(' x ')} mm it would be ${grid.shape.join(' x ')} voxels; the scan is too thin for this model, or the voxel size in its header is wrong.`,
    { subject: grid.scan.case },
  );
}

type Resampled = readonly [z: number, data: Float32Array];

/**
 * A resampler whose slices are asked for one by one: a single slice that goes in may complete every
 * slice of a much finer grid, and those are not to be held all at once. What goes in waits instead.
 */
class Resampling {
  readonly #resampler: GridResampler;
  readonly #inputs: Float32Array[] = [];
  #outputs: Iterator<Resampled> | null = null;

  constructor(resampler: GridResampler) {
    this.#resampler = resampler;
  }

  push(slice: Float32Array): void {
    this.#inputs.push(slice);
  }

  /** The next slice, or null where that takes more of those that go in. */
  next(): Resampled | null {
    for (;;) {
      const found = this.#outputs?.next();
      if (found && !found.done) return found.value;
      const input = this.#inputs.shift();
      if (input === undefined) return null;
      this.#outputs = this.#resampler.push(input);
    }
  }
}

/**
 * The non-zero mask beside the voxels. A linear interpolation needs fewer slices ahead than a
 * cubic, and more than the nearest neighbour: whichever comes first waits.
 */
function maskResampling(from: Grid, to: Grid): Resampling {
  const linear = { order: 1, orderZ: 0, forceSeparateZ: null } as const;
  return new Resampling(new GridResampler({ ...from, channels: 1 }, { ...to, channels: 1 }, linear, null));
}

const insideFromHalfOn = ([, plane]: Resampled): Uint8Array =>
  Uint8Array.from(plane, (share) => (share >= 0.5 ? 1 : 0));

function clipRanges(grid: Grid, plan: ResampleOptions['plan']): ClipRange[] {
  return plan.channels.map((channel, c) => {
    const known = grid.statistics?.[c];
    if (known) return { low: known.min, high: known.max, planes: known.planes };
    const map = intensityMap(channel, undefined);
    if (typeof map === 'string' || plan.order === 'resample-first')
      return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
    return { low: mapIntensity(map.low, map), high: mapIntensity(map.high, map) };
  });
}
