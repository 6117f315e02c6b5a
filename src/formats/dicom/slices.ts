import { type OptionName, SegcanaryError } from '../../errors.js';
import type { DicomHeader, FrameHeader } from './dicom-header.js';
import { type Axes, axesOf, dot, isSameOrientation, type Orientation } from './placement.js';
import type { VolumeSlice } from './series-volume.js';

/** A slice with all that a volume needs to know of it. */
export interface PlacedSlice extends VolumeSlice {
  readonly orientation: Orientation;
  readonly pixelSpacing: readonly [number, number];
  /** mm along the normal of the volume. */
  readonly along: number;
}

/** The slices of a series in their order along the normal. */
export interface PlacedSlices {
  readonly axes: Axes;
  readonly slices: readonly PlacedSlice[];
}

/** Relative difference of pixel spacings: half a pixel at the edge of 512 of them. */
const SAME_SPACING = 1e-3;

/** The name of a slice in messages. */
export const sliceName = ({ header, frame }: Pick<VolumeSlice, 'header' | 'frame'>): string =>
  header.frames.length > 1 || frame.index > 0 ? `frame ${frame.index + 1} of ${header.file.name}` : header.file.name;

/** The sentence for slices that make no volume. */
export const inconsistent = (name: string, sentence: string, option?: OptionName): SegcanaryError =>
  new SegcanaryError('series-inconsistent', sentence, { subject: name, option });

/**
 * Puts the frames of a series in the order along their normal, row x column, by where they lie and
 * by nothing else.
 *
 * @throws SegcanaryError `series-inconsistent` where they have no place, or are not of one kind
 */
export function placeSlices(headers: readonly DicomHeader[], name: string): PlacedSlices {
  // The order of the files says nothing: what is told of the first slice is the same for any.
  const frames = headers.flatMap((header) => header.frames.map((frame) => ({ header, frame }))).sort(byIdentity);
  if (frames.length === 0) throw inconsistent(name, 'the series has no slice that says where it lies.');
  const [first] = frames;
  const orientation = orientationOf(first, name);
  const axes = axesOf(orientation);
  if (axes === null)
    throw inconsistent(
      name,
      `Image Orientation (Patient) of ${sliceName(first)} is ${orientation.join(', ')}, which is no pair of directions at right angles; export the series again.`,
    );
  const slices = frames.map((slice) => place(slice, axes, name));
  refuseMixtures(slices, name);
  // Slices at one place are in no order of their own: the UID decides, not the name of the file.
  slices.sort((a, b) => a.along - b.along || byIdentity(a, b));
  return { axes, slices };
}

type Found = { readonly header: DicomHeader; readonly frame: FrameHeader };

function byIdentity(a: Found, b: Found): number {
  const [left, right] = [a.header.sopInstance, b.header.sopInstance];
  return left < right ? -1 : left > right ? 1 : a.frame.index - b.frame.index;
}

function orientationOf(slice: Found, name: string): Orientation {
  const { orientation } = slice.frame;
  if (orientation !== null) return orientation;
  throw inconsistent(name, missing(slice, 'which way it lies (Image Orientation (Patient) is missing)'));
}

function place(slice: Found, axes: Axes, name: string): PlacedSlice {
  const { position, pixelSpacing } = slice.frame;
  const orientation = orientationOf(slice, name);
  if (position === null)
    throw inconsistent(name, missing(slice, 'where it lies (Image Position (Patient) is missing)'));
  if (pixelSpacing === null)
    throw inconsistent(name, missing(slice, 'how large its pixels are (Pixel Spacing is missing)'));
  if (!pixelSpacing.every((mm) => mm > 0))
    throw inconsistent(
      name,
      `Pixel Spacing of ${sliceName(slice)} is ${pixelSpacing.join(', ')} mm; export the series again.`,
    );
  return { ...slice, position, orientation, pixelSpacing, along: dot(position, axes.normal) };
}

const missing = (slice: Found, what: string): string =>
  `${sliceName(slice)} does not say ${what}; export the series again, with its geometry.`;

/** What all slices of a volume have in common. */
function refuseMixtures(slices: readonly PlacedSlice[], name: string): void {
  const [first] = slices;
  const refuseWhere = (differs: (slice: PlacedSlice) => boolean, what: (slice: PlacedSlice) => string): void => {
    const other = slices.find(differs);
    if (other === undefined) return;
    const count = slices.filter(differs).length;
    throw inconsistent(
      name,
      `${what(first)} in ${sliceName(first)}, and ${what(other)} in ${sliceName(other)} (${count} of ${slices.length} slices differ from the first); give the slices of one volume.`,
    );
  };
  refuseWhere(
    ({ orientation }) => !isSameOrientation(orientation, first.orientation),
    ({ orientation }) => `slices lie along ${orientation.join(', ')}`,
  );
  const matrix = ({ header: { pixels } }: PlacedSlice) => `slices have ${pixels?.rows} x ${pixels?.columns} pixels`;
  refuseWhere((slice) => matrix(slice) !== matrix(first), matrix);
  refuseWhere(
    ({ pixelSpacing }) => pixelSpacing.some((mm, i) => Math.abs(mm / first.pixelSpacing[i] - 1) > SAME_SPACING),
    ({ pixelSpacing }) => `pixels have ${pixelSpacing.join(' x ')} mm`,
  );
  refuseWhere(
    ({ frame }) => frame.unit !== first.frame.unit,
    ({ frame }) => `values are in ${frame.unit ?? 'no stated unit'}`,
  );
  const frames = new Set(slices.map(({ header }) => header.frameOfReference).filter((uid) => uid !== null));
  if (frames.size > 1)
    throw inconsistent(
      name,
      `its slices lie in ${frames.size} frames of reference, so their positions cannot be compared; give the slices of one volume.`,
    );
}
