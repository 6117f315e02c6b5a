import { convolveCircular, filterLines, kernelOf } from './lines.js';
import { type CtSlice, floorOf, graded, randomOf, type Shift, type SliceChange, statisticsOf } from './shift.js';

/** Shifts that arise in k-space. Phases run along y, so that every slice can be made alone. */

export interface Ghosts {
  readonly count: number;
  /** 1 takes every `count`-th plane of k-space out. */
  readonly intensity: number;
  /** Share of the centre of k-space that is left as it was; null for the central plane alone. */
  readonly restore: number | null;
}

/** Weakens every n-th plane of k-space along y: TorchIO's `Ghosting`. */
export const ghosted =
  ({ count, intensity, restore }: Ghosts): SliceChange =>
  ({ data, scan }) => {
    const [, height, width] = scan.shape;
    const middle = height >> 1;
    const half = Math.floor(Math.round((restore ?? 0) * height) / 2);
    const isCentral = (p: number) => (restore === null ? p === middle : p >= middle - half && p < middle + half);
    const weights = Float64Array.from({ length: height }, (_, p) =>
      p % count === 0 && !isCentral(p) ? 1 - intensity : 1,
    );
    const kernel = kernelOf(weights);
    return filterLines(data, [height, width], 0, (line) => convolveCircular(line, kernel));
  };

export const ghosting: Shift = {
  name: 'ghosting',
  title: 'Ghosting',
  modality: 'mr',
  grades: [
    'every third plane of k-space at 50 %',
    'every second plane of k-space at 40 %',
    'every second plane of k-space missing',
  ],
  at: (grade) => ghosted({ count: graded([3, 2, 2], grade), intensity: graded([0.5, 0.6, 1], grade), restore: null }),
};

/**
 * Adds a spike to k-space: TorchIO's `Spike`. Its inverse transform is a wave over the whole scan.
 * The largest value of the spectrum of a scan without negative values is the sum of its voxels, so
 * the wave's height is the mean.
 *
 * @param position where in k-space along [z, y, x], fractions from 0 to 1, the centre at a half
 */
export const spiked =
  (position: readonly [number, number, number], intensity: number): SliceChange =>
  (slice) => {
    const { z, data, scan } = slice;
    const [, , width] = scan.shape;
    const height = intensity * (statisticsOf(slice).mean - floorOf(slice));
    const [a, b, c] = scan.shape.map(
      (n, axis) => (2 * Math.PI * (Math.floor(position[axis] * n) - Math.floor(n / 2))) / n,
    );
    return data.map((value, i) => value + height * Math.cos(a * z + b * Math.floor(i / width) + c * (i % width)));
  };

export const spike: Shift = {
  name: 'spike',
  title: 'Spike (herringbone)',
  modality: 'mr',
  grades: [
    'a wave of 0.15 times the mean of the scan',
    'a wave of 0.4 times the mean of the scan',
    'a wave of 1 times the mean of the scan',
  ],
  at: (grade, seed) => {
    const random = randomOf(seed, -1);
    // Well away from the centre, whose spike would be a constant, or nearly so.
    const away = () => 0.5 + (random() < 0.5 ? -1 : 1) * (0.1 + 0.3 * random());
    return spiked([away(), away(), away()], graded([0.15, 0.4, 1], grade));
  },
};

/** A place of the patient in the plane. */
export interface Pose {
  /** About the middle of the slice, from +x to +y. */
  readonly degrees: number;
  /** Along [y, x], mm. */
  readonly shift: readonly [number, number];
  /** When the patient moved there, as a share of the planes of k-space along y. Ascending. */
  readonly time: number;
}

/**
 * Moves within the plane while k-space is filled plane by plane along y: TorchIO's `Motion`. The
 * centre of k-space is filled in the scan's own place, so that the anatomy stays where its
 * segmentation is.
 */
export const moved =
  (poses: readonly Pose[]): SliceChange =>
  (slice) => {
    const [, height, width] = slice.scan.shape;
    const images = [slice.data, ...poses.map((pose) => posed(slice, pose))];
    const central = poses.findIndex(({ time }) => time > 0.5);
    // As TorchIO, which counts the scan's own place as the first one.
    const swapped = central === -1 ? images.length - 1 : central;
    [images[0], images[swapped]] = [images[swapped], images[0]];
    const ends = [...poses.map(({ time }) => Math.trunc(height * time)), height];
    const out = new Float32Array(slice.data.length);
    images.forEach((image, i) => {
      const [from, to] = [i === 0 ? 0 : ends[i - 1], ends[i]];
      const kernel = kernelOf(Float64Array.from({ length: height }, (_, p) => Number(p >= from && p < to)));
      const part = filterLines(image, [height, width], 0, (line) => convolveCircular(line, kernel));
      for (let j = 0; j < out.length; j++) out[j] += part[j];
    });
    return out;
  };

/** A slice turned and shifted, linearly interpolated; outside is the least value of the scan. */
function posed(slice: CtSlice, { degrees, shift }: Pose): Float32Array {
  const { data, scan } = slice;
  const { min } = statisticsOf(slice);
  const [, height, width] = scan.shape;
  const [, dy, dx] = scan.spacing;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return data.map((_, i) => {
    const v = (Math.floor(i / width) - (height - 1) / 2) * dy;
    const u = ((i % width) - (width - 1) / 2) * dx;
    const y = (sin * u + cos * v + shift[0]) / dy + (height - 1) / 2;
    const x = (cos * u - sin * v + shift[1]) / dx + (width - 1) / 2;
    if (y < -0.5 || y >= height - 0.5 || x < -0.5 || x >= width - 0.5) return min;
    return bilinear(data, [height, width], Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1));
  });
}

function bilinear(data: Float32Array, [height, width]: readonly [number, number], y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
  const row = (at: number) =>
    data[at * width + left] + (x - left) * (data[at * width + right] - data[at * width + left]);
  return row(top) + (y - top) * (row(bottom) - row(top));
}

/**
 * A time away from the middle. Most of a scan lies in the centre of k-space, and a movement in its
 * midst would make of a slight grade a gross one.
 */
const aside = (time: number, away: number): number =>
  time < 0.5 ? time * (1 - 2 * away) : 1 - (1 - time) * (1 - 2 * away);

export const mrMotion: Shift = {
  name: 'motion',
  title: 'Motion',
  modality: 'mr',
  grades: [
    'one movement of up to 3 degrees and 2 mm',
    'two movements of up to 8 degrees and 5 mm',
    'four movements of up to 15 degrees and 10 mm',
  ],
  at: (grade, seed) => {
    const random = randomOf(seed, -1);
    const [count, degrees, mm, away] = graded(
      [
        [1, 3, 2, 0.15],
        [2, 8, 5, 0.08],
        [4, 15, 10, 0.03],
      ] as const,
      grade,
    );
    // At least half of the most, either way, so that a grade is not now and then nothing.
    const either = (most: number) => (random() < 0.5 ? -1 : 1) * most * (0.5 + 0.5 * random());
    return moved(
      Array.from({ length: count }, (_, i) => ({
        degrees: either(degrees),
        shift: [either(mm), either(mm)] as const,
        time: aside((i + 0.2 + 0.6 * random()) / count, away),
      })),
    );
  },
};
