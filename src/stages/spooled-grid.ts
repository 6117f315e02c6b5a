import type { Box, Grid, Triple } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { type AxisMap, affineSpacing, rasAxes } from '../maths/orientation.js';
import type { Plan } from '../model/plans.js';

/**
 * The grid on which a plan sees a scan before it is resampled: brought to RAS where the plan's reader does so, transposed, cropped.
 *
 * @param from the scan's own grid
 * @param nonzero box of the non-zero voxels, in voxels of `from`
 * @throws SegcanaryError `scan-unsuitable` where the affine is singular and the plan needs it
 */
export function spooledGrid(
  from: Grid,
  plan: Pick<Plan, 'reader' | 'transposeForward' | 'cropToNonzero'>,
  nonzero: Box,
): Grid {
  const { scan } = from;
  const { map, spacing } = readerAxes(from, plan.reader);
  const pick = <T>(values: readonly [T, T, T], axes: Triple): [T, T, T] => [
    values[axes[0] as 0]!,
    values[axes[1] as 0]!,
    values[axes[2] as 0]!,
  ];
  const axes = pick(map.axes, plan.transposeForward);
  const flipped = pick(map.flipped, plan.transposeForward);
  const whole = pick(from.shape, axes);
  const start = pick(nonzero.start, axes);
  const stop = pick(nonzero.stop, axes);
  const box: Box = plan.cropToNonzero
    ? {
        start: along((i) => (flipped[i] ? whole[i]! - stop[i]! : start[i]!)),
        stop: along((i) => (flipped[i] ? whole[i]! - start[i]! : stop[i]!)),
      }
    : { start: [0, 0, 0], stop: whole };
  return {
    scan,
    channels: from.channels,
    axes,
    flipped,
    box,
    shape: along((i) => box.stop[i]! - box.start[i]!),
    spacing: pick(spacing, plan.transposeForward),
    separateAxis: null,
  };
}

/** Axes and spacing, both in the order in which the plan's reader hands them on. */
function readerAxes(from: Grid, reader: Plan['reader']): { map: AxisMap; spacing: Triple } {
  const stored: AxisMap = { axes: [0, 1, 2], flipped: [false, false, false] };
  if (reader === 'as-stored') return { map: stored, spacing: from.spacing };
  const map = rasAxes(from.scan.affine);
  if (map === null) {
    throw new SegcanaryError(
      'scan-unsuitable',
      `${from.scan.case}: its affine is singular, so its orientation is unknown, and the plan's reader brings scans to RAS; repair the sform of the file.`,
    );
  }
  // nibabel hands an image that is RAS already on as it is, with the header's pixdim, and takes the affine's lengths for the others.
  if (map.axes.every((axis, i) => axis === i && !map.flipped[i])) return { map, spacing: from.spacing };
  const lengths = affineSpacing(from.scan.affine);
  return { map, spacing: along((i) => lengths[map.axes[i]!]!) };
}

function along(of: (axis: 0 | 1 | 2) => number): [number, number, number] {
  return [of(0), of(1), of(2)];
}
