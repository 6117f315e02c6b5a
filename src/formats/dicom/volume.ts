import type { Triple } from '../../chunks.js';
import { beyond, limitsOf, type ScanLimits } from '../../limits.js';
import type { Warning } from '../../results.js';
import type { DicomHeader } from './dicom-header.js';
import { withoutDuplicates } from './duplicates.js';
import type { Axes } from './placement.js';
import type { SeriesVolume } from './series-volume.js';
import { inconsistent, type PlacedSlice, placeSlices, sliceName } from './slices.js';
import { spacingOf, type Unevenness } from './spacing.js';
import { describeTilt, tiltOf, untiltOf } from './tilt.js';

export interface VolumeOptions {
  /** Whether a gantry tilt is taken out; otherwise it is refused. */
  readonly untilt?: boolean | undefined;
  /** Name in messages. */
  readonly name: string;
  readonly limits?: Partial<Pick<ScanLimits, 'slices' | 'sliceVoxels'>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a volume of the slices of one series. Pixels are read only where two slices are at one
 * place, to compare them.
 *
 * @throws SegcanaryError `series-inconsistent` when they make none: one sentence with the numbers;
 *   `limit-exceeded`, `io`
 */
export async function planVolume(
  headers: readonly DicomHeader[],
  { untilt: isUntilted = false, name, signal, limits }: VolumeOptions,
): Promise<SeriesVolume> {
  const allowed = limitsOf(limits);
  const count = headers.reduce((sum, { frames }) => sum + frames.length, 0);
  if (count > allowed.slices) throw beyond('slices', allowed.slices, name, count);
  const placed = placeSlices(headers, name);
  const { axes } = placed;
  const { slices, dropped } = await withoutDuplicates(placed.slices, name, signal);
  const first = slices[0];
  const { rows, columns } = matrixOf(first, name);
  if (rows * columns > allowed.sliceVoxels) throw beyond('sliceVoxels', allowed.sliceVoxels, name, rows * columns);
  const tilt = tiltOf(slices, axes, name);
  const spacing = depthOf(slices, axes, name);
  // First: what shifting rows cannot take out is not told to be taken out so.
  const shifted = tilt && untiltOf(slices, axes, tilt, rows, name);
  if (tilt !== null && !isUntilted)
    throw inconsistent(
      name,
      `${describeTilt(tilt)}, so they are no grid of voxels at right angles; set \`untilt\` to shift their rows back.`,
      'untilt',
    );
  const warnings = [
    ...duplicatesDropped(dropped),
    ...(tilt === null
      ? []
      : [
          {
            code: 'untilted',
            message: `${describeTilt(tilt)}; their rows were shifted back, linear between two rows.`,
          },
        ]),
    ...few(slices),
    ...lossy(slices),
    ...units(slices),
    ...scalings(slices),
  ];
  const [betweenRows, betweenColumns] = first.pixelSpacing;
  return {
    name,
    slices: slices.map(({ header, frame, position }) => ({ header, frame, position })),
    orientation: [...axes.row, ...axes.column],
    pixelSpacing: first.pixelSpacing,
    shape: [slices.length, shifted?.untilt.rows ?? rows, columns],
    spacing: [spacing, betweenRows, betweenColumns],
    affine: affineOf(axes, [spacing, betweenRows, betweenColumns], shifted?.origin ?? first.position),
    untilt: shifted?.untilt ?? null,
    warnings,
  };
}

/** Row-major 4x4 from voxel (x, y, z, 1) to RAS+ mm; DICOM's own are LPS. */
function affineOf({ row, column, normal }: Axes, [z, y, x]: Triple, origin: Triple): number[] {
  const line = (axis: 0 | 1 | 2, sign: 1 | -1) =>
    [row[axis] * x, column[axis] * y, normal[axis] * z, origin[axis]].map((v) => sign * v + 0);
  return [...line(0, -1), ...line(1, -1), ...line(2, 1), 0, 0, 0, 1];
}

function matrixOf({ header: { pixels } }: PlacedSlice, name: string) {
  if (pixels !== null) return pixels;
  throw inconsistent(name, 'its objects hold no pixels; give the images of the series.');
}

/** mm between slices; of a single one its thickness. */
function depthOf(slices: readonly PlacedSlice[], axes: Axes, name: string): number {
  if (slices.length === 1) {
    const thickness = slices[0].frame.sliceThickness;
    if (thickness !== null && thickness > 0) return thickness;
    throw inconsistent(
      name,
      'it has one slice, which does not say how thick it is (Slice Thickness is missing); give all slices of the series.',
    );
  }
  const found = spacingOf(slices.map(({ along }) => along));
  if (!('kind' in found)) return found.spacing;
  throw inconsistent(name, describeUnevenness(found, slices, axes));
}

/** `2.5` of 2.50001 */
const mm = (value: number): string => `${Number(value.toFixed(3))}`;

function describeUnevenness(found: Unevenness, slices: readonly PlacedSlice[], { normal }: Axes): string {
  // Along the body's own axis the numbers are those that a viewer shows.
  const isAxial = Math.abs(normal[2]) > 1 - 1e-6;
  const at = (slice: PlacedSlice) =>
    isAxial ? `z = ${mm(slice.position[2])}` : `${mm(slice.along)} mm along the normal`;
  const place = `between ${at(slices[found.after])} and ${at(slices[found.after + 1])}`;
  if (found.kind === 'uneven') {
    const where = `up to ${sliceName(slices[found.after])} ${mm(found.before)} mm, and behind it ${mm(found.gap)} mm`;
    return `its slices are unevenly spaced, ${mm(found.smallest)} to ${mm(found.largest)} mm apart (${where}, ${place}); give a series with one spacing, or resample it first.`;
  }
  const { missing, first, of, inAll, gap, spacing } = found;
  const which =
    missing === 1
      ? `slice ${first} of ${of} is missing`
      : `slices ${first} to ${first + missing - 1} of ${of} are missing`;
  const others = inAll > missing ? `; ${inAll} slices are missing in all` : '';
  return `${which}: ${place} there are ${mm(gap)} mm, and elsewhere ${mm(spacing)} mm${others}; send the whole series again.`;
}

const duplicatesDropped = (dropped: number): Warning[] =>
  dropped === 0
    ? []
    : [
        {
          code: 'duplicate-slices',
          message: `${dropped} ${dropped === 1 ? 'slice stands' : 'slices stand'} twice at one place with the same pixels; one of each was taken.`,
        },
      ];

function lossy(slices: readonly PlacedSlice[]): Warning[] {
  const count = slices.filter(({ header }) => header.isLossy).length;
  if (count === 0) return [];
  return [
    {
      code: 'lossy-pixels',
      message: `${count} of ${slices.length} slices were compressed with loss, so their values are not those that were measured.`,
    },
  ];
}

/** What PET is in is up to whoever trained the model: GML is the body-weight SUV. */
function units(slices: readonly PlacedSlice[]): Warning[] {
  const { header, frame } = slices[0];
  if (header.modality !== 'PT' || frame.unit === 'GML') return [];
  const unit = frame.unit ?? 'no stated unit';
  return [
    {
      code: 'not-suv',
      message: `the values of this PET are in ${unit} and not standardised uptake values (GML); convert them if the model was trained on those.`,
    },
  ];
}

/** A slice that was named by itself is mostly one of many. */
function few({ length }: readonly PlacedSlice[]): Warning[] {
  if (length > 2) return [];
  const message =
    length === 1
      ? 'the series has 1 slice; if it is one of more, give them all: their folder.'
      : 'the series has 2 slices; if they are two of more, give them all: their folder.';
  return [{ code: 'few-slices', message }];
}

/** Scanners scale MR and PET slice by slice, and all of a CT alike. */
function scalings(slices: readonly PlacedSlice[]): Warning[] {
  const [{ header, frame: first }] = slices;
  if (header.modality !== 'CT') return [];
  const others = slices.filter(({ frame }) => frame.slope !== first.slope || frame.intercept !== first.intercept);
  if (others.length === 0) return [];
  const [{ frame: other }] = others;
  return [
    {
      code: 'mixed-scaling',
      message: `slope and intercept are ${first.slope} and ${first.intercept} in some slices of this CT, and ${other.slope} and ${other.intercept} in others (${others.length} of ${slices.length} differ from the first): they were applied as they stand, and one of them is probably wrong.`,
    },
  ];
}
