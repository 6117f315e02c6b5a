import ndarray from 'ndarray';
import type { Grid, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { type IntensityMap, intensityMap, mapPlane, mapStatistics } from '../maths/volume/normalise.js';
import type { Plan, PlanChannel } from '../plan.js';
import { plannedAxes } from './spool/spooled-grid.js';
import { type Stage, stage } from './stage.js';

export interface NormaliseOptions {
  /**
   * With the reader and the transpose in it, slices whose axes are not as the plan wants them are
   * refused.
   */
  readonly plan: Pick<Plan, 'channels'> & Partial<Pick<Plan, 'reader' | 'transposeForward' | 'order'>>;
}

/**
 * Normalises intensities as the plan's schemes say, in float32 and in nnU-Net's order of
 * operations.
 *
 * CTNormalization needs the plan alone. ZScoreNormalization and RescaleTo01Normalization need the
 * statistics that `spool` measures, or `measure` behind `resample` for a plan of nnU-Net v1. The
 * statistics on the grid are mapped along with the voxels. Source: nnunetv2
 * default_normalization_schemes.py, nnunet 1.7.1 preprocessing.py.
 *
 * @throws SegcanaryError `scan-unsuitable` where the channels are not the plan's;
 *   `plan-unsupported` where a scheme or the plan's axes need `spool`
 */
export function normalise(options: NormaliseOptions): Stage<Slice, Slice> {
  let from: Grid | null = null;
  let to: Grid | null = null;
  let maps: readonly IntensityMap[] = [];
  return stage<Slice, Slice>(
    { name: 'normalise' },
    {
      *transform(slice) {
        if (slice.grid !== from || to === null) {
          from = slice.grid;
          refuseUnmoved(from, options.plan);
          maps = channelMaps(slice.grid, options.plan);
          const statistics = slice.grid.statistics?.map((channel, c) => mapStatistics(channel, maps[c]));
          to = statistics ? { ...slice.grid, statistics } : slice.grid;
        }
        const source = contiguous(slice.data);
        const target = new Float32Array(source.length);
        const plane = source.length / maps.length;
        const bare = slice.nonzero ? -1 : maps.findIndex(({ outside }) => outside !== 'map');
        if (bare >= 0) throw needsMask(slice.grid, options.plan.channels[bare]);
        for (const [c, map] of maps.entries()) {
          const part = [c * plane, (c + 1) * plane] as const;
          mapPlane(source.subarray(...part), target.subarray(...part), map, slice.nonzero?.data);
        }
        yield { ...slice, grid: to, data: ndarray(target, slice.data.shape) };
      },
    },
  );
}

function needsMask({ scan }: Grid, { name }: PlanChannel): SegcanaryError {
  return new SegcanaryError(
    'plan-unsupported',
    `channel "${name}" is normalised inside the non-zero mask, which takes the whole scan; run it with the spool stage (\`spool\`).`,
    { option: 'spool', subject: scan.case },
  );
}

function refuseUnmoved({ scan, axes, flipped }: Grid, { reader, transposeForward }: NormaliseOptions['plan']): void {
  if (reader === undefined || transposeForward === undefined) return;
  const wanted = plannedAxes(scan, { reader, transposeForward });
  if (axes.every((axis, i) => axis === wanted.axes[i] && flipped[i] === wanted.flipped[i])) return;
  throw new SegcanaryError(
    'plan-unsupported',
    `the plan wants the axes of this scan in another order or direction, which takes the whole scan; run it with the spool stage (\`spool\`).`,
    { option: 'spool', subject: scan.case },
  );
}

function channelMaps(grid: Grid, plan: NormaliseOptions['plan']): IntensityMap[] {
  const { scan } = grid;
  if (grid.channels !== plan.channels.length) {
    const wanted = plan.channels.map((channel) => channel.name).join(', ');
    throw new SegcanaryError(
      'scan-unsuitable',
      `has ${grid.channels} channel(s), the plan wants ${plan.channels.length} (${wanted}); join one file a channel (the join stage).`,
      { subject: scan.case },
    );
  }
  return plan.channels.map((channel, c) => {
    const map = intensityMap(channel, grid.statistics?.[c], plan.order);
    if (map === 'needs-statistics') {
      throw new SegcanaryError(
        'plan-unsupported',
        `${channel.scheme} of channel "${channel.name}" needs the statistics of the whole scan before its first voxel; run it with the spool stage (\`spool\`).`,
        { option: 'spool', subject: scan.case },
      );
    }
    if (map === 'nothing-between') {
      const [low, high] = channel.clipPercentiles!;
      const { low: value } = grid.statistics![c].clipped!;
      throw new SegcanaryError(
        'scan-unsuitable',
        `the percentiles ${low} and ${high} of channel "${channel.name}", which the plan clips to, are both ${value}: nearly all of the scan is one value; crop its empty border, or export it again.`,
        { subject: scan.case },
      );
    }
    if (map === 'not-rgb') {
      throw new SegcanaryError(
        'scan-unsuitable',
        `channel "${channel.name}" has values outside 0 to 255, which RGBTo01Normalization does not take; this scan is not an RGB image.`,
        { subject: scan.case },
      );
    }
    return map;
  });
}
