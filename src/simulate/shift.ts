import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { ChannelStatistics, Scan } from '../chunks.js';
import { SegcanaryError } from '../errors.js';

/** How strong a shift is. */
export type Grade = 1 | 2 | 3;

/** What a scan is of: a CT in HU, or an MR in whatever unit its scanner gave. */
export type Modality = 'ct' | 'mr';

/** What was measured over a whole scan. Deviation with divisor n. */
export type ScanStatistics = Pick<ChannelStatistics, 'min' | 'max' | 'mean' | 'std'>;

/** One slice of a CT in HU, or of an MR. */
export interface CtSlice {
  readonly z: number;
  /** [y, x] in C order. Not to be written to. */
  readonly data: Float32Array;
  readonly scan: Pick<Scan, 'shape' | 'spacing'>;
  /** What was measured over the whole scan. Shifts of MR need it, those of CT do not. */
  readonly statistics?: ScanStatistics | undefined;
}

/** Makes a slice of the shifted scan. */
export type SliceChange = (slice: CtSlice) => Float32Array;

/** A change of a scan that keeps its grid, made slice by slice. */
export interface Shift {
  readonly name: string;
  readonly title: string;
  /** What it is a shift of. @default either */
  readonly modality?: Modality;
  /** What each grade does, in words. */
  readonly grades: readonly [string, string, string];
  /**
   * Slices that are averaged before they are changed, each of them becoming their mean.
   * @default 1
   */
  readonly thickness?: (grade: Grade) => number;
  /**
   * The change at one grade.
   *
   * @param seed the same seed gives the same voxels
   */
  at(grade: Grade, seed: number): SliceChange;
  /** What becomes of the segmentation, at the same grade and seed. @default it stays true */
  readonly truth?: (grade: Grade, seed: number) => SliceChange;
}

/** One of three by the grade. */
export const graded = <T>(values: readonly [T, T, T], grade: Grade): T => values[grade - 1];

/**
 * What was measured of the scan that a slice is of.
 *
 * @throws SegcanaryError `usage` where nothing was
 */
export function statisticsOf({ statistics }: CtSlice): ScanStatistics {
  if (statistics) return statistics;
  throw new SegcanaryError(
    'usage',
    'this shift is relative to the values of the whole scan: give its statistics, or put `measure()` before `simulate()`.',
  );
}

/** What no signal is in a scan: 0, or its least value where some are negative. */
export const floorOf = (slice: CtSlice): number => Math.min(0, statisticsOf(slice).min);

/**
 * Uniform numbers in [0, 1) of one slice (or of the whole scan, z = -1): slices can be made in any
 * order.
 */
export function randomOf(seed: number, z: number): () => number {
  const random = xoroshiro128plus((Math.imul(seed, 0x9e3779b1) + Math.imul(z + 2, 0x85ebca6b)) | 0);
  return () => uniformFloat64(random);
}

/** A normal number of deviation 1 (Box & Muller 1958). */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Blurs a slice with a box of 2 r + 1 voxels along both axes; at the rim the box is cut. */
export function boxBlur(data: Float32Array, height: number, width: number, radius: number): Float32Array {
  const lines = boxAlong(data, height, width, 1, width, radius);
  return boxAlong(lines, width, height, width, 1, radius);
}

/** Means over a window along `count` lines of `length` voxels. */
function boxAlong(
  data: Float32Array,
  count: number,
  length: number,
  step: number,
  stride: number,
  radius: number,
): Float32Array {
  const out = new Float32Array(data.length);
  for (let line = 0; line < count; line++) {
    const start = line * stride;
    let sum = 0;
    for (let i = 0; i < Math.min(radius, length); i++) sum += data[start + i * step];
    for (let i = 0; i < length; i++) {
      if (i + radius < length) sum += data[start + (i + radius) * step];
      if (i - radius - 1 >= 0) sum -= data[start + (i - radius - 1) * step];
      out[start + i * step] = sum / (Math.min(i + radius, length - 1) - Math.max(i - radius, 0) + 1);
    }
  }
  return out;
}
