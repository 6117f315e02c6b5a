import type { Box, Grid, Scan, Triple } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { axesTowards } from '../../maths/volume/axis-codes.js';
import { type AxisMap, affineSpacing, isUnmoved, rasAxes } from '../../maths/volume/orientation.js';
import type { Plan } from '../../plan.js';

/**
 * The grid on which a plan sees a scan before it is resampled: brought to RAS or other axes where
 * the plan's reader does so, transposed, cropped.
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
  const { axes, flipped, spacing } = plannedAxes(from.scan, plan);
  const whole = pick(from.shape, axes);
  const start = pick(nonzero.start, axes);
  const stop = pick(nonzero.stop, axes);
  const box: Box = plan.cropToNonzero
    ? {
        start: along((i) => (flipped[i] ? whole[i] - stop[i] : start[i])),
        stop: along((i) => (flipped[i] ? whole[i] - start[i] : stop[i])),
      }
    : { start: [0, 0, 0], stop: whole };
  return {
    scan: from.scan,
    channels: from.channels,
    axes,
    flipped,
    box,
    shape: along((i) => box.stop[i] - box.start[i]),
    spacing,
    separateAxis: null,
  };
}

/**
 * The axes on which a plan sees a scan, its reader's reorientation and its transpose taken
 * together, and the spacing along them.
 *
 * @throws SegcanaryError `scan-unsuitable` where the affine is singular and the plan needs it
 */
export function plannedAxes(
  scan: Scan,
  plan: Pick<Plan, 'reader' | 'transposeForward'>,
): AxisMap & { readonly spacing: Triple } {
  const { axes, flipped, spacing } = readerAxes(scan, plan.reader);
  const forward = plan.transposeForward;
  return { axes: pick(axes, forward), flipped: pick(flipped, forward), spacing: pick(spacing, forward) };
}

/**
 * The axes and the spacing of a scan in the order in which the plan's reader hands them on.
 *
 * @throws SegcanaryError `scan-unsuitable` where the affine is singular and the reader needs it
 */
export function readerAxes(scan: Scan, reader: Plan['reader']): AxisMap & { readonly spacing: Triple } {
  const { spacing, affine } = scan;
  if (reader === 'as-stored') return { axes: [0, 1, 2], flipped: [false, false, false], spacing };
  const codes = reader === 'ras' ? 'RAS' : reader;
  const ras = rasAxes(affine);
  if (ras === null) {
    throw new SegcanaryError(
      'scan-unsuitable',
      `its affine is singular, so its orientation is unknown, and the plan's reader brings scans to ${codes}; repair the sform of the file.`,
      { subject: scan.case },
    );
  }
  const map = axesTowards(ras, codes);
  // nibabel hands an image that is turned so already on as it is, with the header's pixdim, and
  // takes the affine's lengths for the others.
  if (isUnmoved(map)) return { ...map, spacing };
  return { ...map, spacing: pick(affineSpacing(affine), map.axes) };
}

function pick<T>(values: readonly [T, T, T], axes: Triple): [T, T, T] {
  return [values[axes[0] as 0], values[axes[1] as 0], values[axes[2] as 0]];
}

function along(of: (axis: 0 | 1 | 2) => number): [number, number, number] {
  return [of(0), of(1), of(2)];
}
