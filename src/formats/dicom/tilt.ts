import { type Axes, dot, minus, plus } from './placement.js';
import type { Untilt } from './series-volume.js';
import { inconsistent, type PlacedSlice, sliceName } from './slices.js';

/** What shear of a volume is nothing: pixels that a voxel may lie off at its ends. */
const NO_TILT = 0.5;
/** Pixels that slices may lie off the line of a tilt. */
const STRAIGHT = 0.5;

/** A shear of the slices of a volume against each other. */
export interface Tilt {
  /** Between the normal and the line of the first voxels. */
  readonly degrees: number;
  /** mm a slice, along columns and along rows. */
  readonly alongColumn: number;
  readonly alongRow: number;
}

/**
 * How slices are shifted in their planes from one to the next; null where they are not.
 *
 * @throws SegcanaryError `series-inconsistent` where they lie on no line
 */
export function tiltOf(slices: readonly PlacedSlice[], axes: Axes, name: string): Tilt | null {
  const steps = slices.length - 1;
  if (steps === 0) return null;
  const first = slices[0];
  const last = slices[steps];
  const whole = minus(last.position, first.position);
  const shift = [dot(whole, axes.column), dot(whole, axes.row)] as const;
  const pixel = Math.min(...first.pixelSpacing);
  const reach = last.along - first.along;
  for (const slice of slices) {
    const share = (slice.along - first.along) / reach;
    const offset = minus(slice.position, first.position);
    const off = Math.hypot(dot(offset, axes.column) - share * shift[0], dot(offset, axes.row) - share * shift[1]);
    if (off <= STRAIGHT * pixel) continue;
    throw inconsistent(
      name,
      `${sliceName(slice)} lies ${off.toFixed(2)} mm beside the line of the other slices, in its own plane; give the slices of one volume.`,
    );
  }
  const sheared = Math.hypot(...shift);
  if (sheared <= NO_TILT * pixel) return null;
  return {
    degrees: (Math.atan2(sheared, reach) * 180) / Math.PI,
    alongColumn: shift[0] / steps,
    alongRow: shift[1] / steps,
  };
}

/** In a sentence: by how much slices are sheared. */
export const describeTilt = ({ degrees, alongColumn, alongRow }: Tilt): string =>
  `its slices are tilted by ${degrees.toFixed(1)} degrees: each is shifted by ${Math.hypot(alongColumn, alongRow).toFixed(2)} mm against the one before it`;

/**
 * How the tilt is taken out by shifting rows: as dcm2niix does it, the rows of the slice that lies
 * farthest along the columns stay on the grid, and the first one of the others fits on it.
 *
 * @returns with the first voxel of the shifted slices
 * @throws SegcanaryError `series-inconsistent` when slices are shifted along their rows
 */
export function untiltOf(slices: readonly PlacedSlice[], axes: Axes, tilt: Tilt, rows: number, name: string) {
  const first = slices[0];
  const [betweenRows, betweenColumns] = first.pixelSpacing;
  if (Math.abs(tilt.alongRow) * (slices.length - 1) > NO_TILT * betweenColumns)
    throw inconsistent(
      name,
      `${describeTilt(tilt)}, along its rows, which shifting rows cannot take out; resample the series first.`,
    );
  const offsets = slices.map(({ position }) => dot(minus(position, first.position), axes.column) / betweenRows);
  const farthest = Math.max(...offsets);
  const more = Math.ceil(farthest - Math.min(...offsets) - 1e-6);
  const untilt: Untilt = {
    degrees: tilt.degrees,
    shifts: Float64Array.from(offsets, (offset) => Math.max(0, more - (farthest - offset))),
    rows: rows + more,
    padding: paddingOf(slices),
  };
  return { untilt, origin: plus(first.position, (farthest - more) * betweenRows, axes.column) };
}

/**
 * The value that all slices have where nothing was measured; null where they say none, or several.
 */
function paddingOf(slices: readonly PlacedSlice[]): number | null {
  const values = slices.map(({ header, frame }) => {
    const padding = header.pixels?.padding ?? null;
    // As the voxels are: float32.
    return padding === null ? null : Math.fround(frame.slope * padding + frame.intercept);
  });
  return values.every((value) => value === values[0]) ? values[0] : null;
}
