import type { Scan, Triple } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { allClose } from '../../maths/all-close.js';
import { axisCodes } from '../../maths/volume/axis-codes.js';
import { type AxisMap, mapBetween, turnedAffine } from '../../maths/volume/orientation.js';
import type { Plan } from '../../plan.js';
import type { Warning } from '../../results.js';
import { readerAxes } from '../spool/spooled-grid.js';

/** How a further channel of a case lies beside the first. */
export interface Alignment {
  /** Brings its axes to those of the first channel, as that is stored. */
  readonly map: AxisMap;
  /** What nnU-Net says of the two and reads on. */
  readonly warnings: readonly Warning[];
}

/**
 * Compares a channel with the first one of its case as nnU-Net's readers do, in the axes that the
 * plan's reader hands on and within numpy's tolerances: shape and spacing have to be the same,
 * origin and direction ought to be. Source: nnunetv2 imageio/simpleitk_reader_writer.py and
 * nibabel_reader_writer.py, `read_images`.
 *
 * @param channel its number, from 1 on
 * @throws SegcanaryError `scan-unsuitable` where the channels differ in shape or spacing, and for a
 *   singular affine where the reader needs it
 */
export function alignmentOf(first: Scan, other: Scan, channel: number, reader: Plan['reader']): Alignment {
  const [one, two] = [first, other].map((scan) => placed(scan, reader));
  if (two.shape.some((n, axis) => n !== one.shape[axis]))
    throw unlike(
      first,
      `channel ${channel} has ${two.shape.join('x')} voxels and channel 0 ${one.shape.join('x')}; resample the channels of a case to one grid first.`,
    );
  if (!allClose(one.spacing, two.spacing))
    throw unlike(
      first,
      `channel ${channel} has voxels of ${inMm(two.spacing)} and channel 0 of ${inMm(one.spacing)}, so that they do not lie on each other, and nnU-Net refuses them too; resample the channels of a case to one grid first.`,
    );
  return { map: mapBetween(two.axes, one.axes), warnings: differences(one.affine, two.affine, channel) };
}

interface Placed {
  readonly axes: AxisMap;
  readonly shape: Triple;
  readonly spacing: Triple;
  readonly affine: readonly number[];
}

/** A scan in the axes of the plan's reader. */
function placed(scan: Scan, reader: Plan['reader']): Placed {
  const { spacing, ...axes } = readerAxes(scan, reader);
  const [z, y, x] = axes.axes;
  const shape: Triple = [scan.shape[z], scan.shape[y], scan.shape[x]];
  return { axes, shape, spacing, affine: turnedAffine(scan.affine, scan.shape, axes) };
}

function differences(first: readonly number[], other: readonly number[], channel: number): Warning[] {
  const warnings: Warning[] = [];
  const [here, there] = [originOf(first), originOf(other)];
  if (!allClose(here, there))
    warnings.push({
      code: 'channel-origin',
      message: `Channel ${channel} begins at ${inMm(there)} and channel 0 at ${inMm(here)}: they are laid on each other voxel by voxel, and may not show the same place.`,
    });
  const [ours, theirs] = [directionOf(first), directionOf(other)];
  if (!allClose(ours, theirs))
    warnings.push({
      code: 'channel-direction',
      message: `The axes of channel ${channel} run otherwise than those of channel 0 (${axisCodes(other) ?? 'nowhere'} and ${axisCodes(first) ?? 'nowhere'}, ${angleBetween(ours, theirs)} degrees apart at most): they are laid on each other voxel by voxel, and do not show the same place.`,
    });
  return warnings;
}

const originOf = (affine: readonly number[]): number[] => [affine[3], affine[7], affine[11]];

/** Unit vectors along x, y and z, one after another. */
const directionOf = (affine: readonly number[]): number[] =>
  [0, 1, 2].flatMap((column) => {
    const step = [affine[column], affine[4 + column], affine[8 + column]];
    const length = Math.hypot(...step) || 1;
    return step.map((mm) => mm / length);
  });

/** The largest angle between an axis of the one and that of the other. */
function angleBetween(a: readonly number[], b: readonly number[]): string {
  const angles = [0, 3, 6].map((at) => {
    const chord = Math.hypot(...[0, 1, 2].map((i) => a[at + i] - b[at + i]));
    return (2 * Math.asin(Math.min(1, chord / 2)) * 180) / Math.PI;
  });
  return String(Number(Math.max(...angles).toPrecision(3)));
}

const inMm = (numbers: readonly number[]): string => `${numbers.map((mm) => Number(mm.toPrecision(7))).join(', ')} mm`;

const unlike = (scan: Scan, sentence: string): SegcanaryError =>
  new SegcanaryError('scan-unsuitable', sentence, { subject: scan.case });
