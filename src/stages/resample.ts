import ndarray from 'ndarray';
import type { Grid, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/contiguous.js';
import { type ClipRange, GridResampler, resampledGrid } from '../maths/grid-resample.js';
import { intensityMap, mapIntensity } from '../maths/normalise.js';
import type { Plan } from '../model/plans.js';
import { type Stage, stage } from './stage.js';

export interface ResampleOptions {
  readonly plan: Pick<Plan, 'spacing' | 'resampling' | 'channels'>;
}

/**
 * Resamples to the plan's spacing as nnU-Net does (separate z or one 3-D cubic spline), holding 32 slices at most.
 *
 * Expects normalised slices. A grid whose shape stays is passed through as it is. The range that nnU-Net clips to comes from
 * `grid.statistics`; without them a CT is clipped to the range that its plan allows, and other schemes are not clipped.
 *
 * @throws SegcanaryError `scan-unsuitable` where an axis would have no voxel left; `truncated` when the input ends before the grid does
 */
export function resample(options: ResampleOptions): Stage<Slice, Slice> {
  const { spacing, resampling } = options.plan;
  let from: Grid | null = null;
  let to: Grid | null = null;
  let resampler: GridResampler | null = null;
  let next = 0;
  return stage<Slice, Slice>(
    { name: 'resample' },
    {
      *transform(slice) {
        const { grid } = slice;
        if (slice.z !== next++) {
          throw new SegcanaryError(
            'scan-unsuitable',
            `${grid.scan.case}: the resample stage got slice ${slice.z} where slice ${next - 1} was due; feed it slices in order, one scan a pipeline.`,
          );
        }
        if (from === null || to === null) {
          from = grid;
          to = resampledGrid(grid, spacing, resampling);
          refuseEmpty(to);
          if (to !== grid) resampler = new GridResampler(grid, to, resampling, clipRanges(grid, options.plan));
        }
        if (resampler === null) {
          yield slice;
          return;
        }
        for (const [z, data] of resampler.push(contiguous(slice.data))) {
          yield { grid: to, z, data: ndarray(data, [to.channels, to.shape[1], to.shape[2]]) };
        }
      },
      flush() {
        if (from !== null && next !== from.shape[0]) {
          throw new SegcanaryError(
            'truncated',
            `${from.scan.case}: only ${next} of ${from.shape[0]} slices reached the resample stage.`,
          );
        }
        return [];
      },
      close() {
        resampler = null;
      },
    },
  );
}

function refuseEmpty(grid: Grid): void {
  if (grid.shape.every((n) => n > 0)) return;
  throw new SegcanaryError(
    'scan-unsuitable',
    `${grid.scan.case}: resampled to ${grid.spacing.join(' x ')} mm it would be ${grid.shape.join(' x ')} voxels; the scan is too thin for this model.`,
  );
}

function clipRanges(grid: Grid, plan: ResampleOptions['plan']): ClipRange[] {
  return plan.channels.map((channel, c) => {
    const known = grid.statistics?.[c];
    if (known) return { low: known.min, high: known.max, planes: known.planes };
    const map = intensityMap(channel, undefined);
    if (typeof map === 'string') return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
    return { low: mapIntensity(map.low, map), high: mapIntensity(map.high, map) };
  });
}
