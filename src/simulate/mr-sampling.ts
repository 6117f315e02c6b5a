import { coarsen, filterLines, gaussian } from './lines.js';
import { floorOf, type Grade, graded, randomOf, type Shift, type SliceChange } from './shift.js';

/** Shifts of how finely, and how far, an MR was sampled. */

/** A Gaussian in the plane: TorchIO's `Blur` with a deviation of 0 along z. */
export const blurredBy =
  (mm: number): SliceChange =>
  ({ data, scan }) => {
    const [, height, width] = scan.shape;
    const [, dy, dx] = scan.spacing;
    const rows = filterLines(data, [height, width], 0, gaussian(mm / dy));
    return filterLines(rows, [height, width], 1, gaussian(mm / dx));
  };

export const blur: Shift = {
  name: 'blur',
  title: 'Blur',
  modality: 'mr',
  grades: ['a deviation of 0.6 mm', 'a deviation of 1.5 mm', 'a deviation of 3 mm'],
  at: (grade) => blurredBy(graded([0.6, 1.5, 3], grade)),
};

/** Every n-th row, and straight lines between them: TorchIO's `Anisotropy` along y. */
export const coarsened =
  (factor: number): SliceChange =>
  ({ data, scan }) => {
    const [, height, width] = scan.shape;
    return filterLines(data, [height, width], 0, coarsen(factor));
  };

export const anisotropy: Shift = {
  name: 'anisotropy',
  title: 'Anisotropy',
  modality: 'mr',
  grades: ['rows 2 times as far apart', 'rows 3 times as far apart', 'rows 5 times as far apart'],
  at: (grade) => coarsened(graded([2, 3, 5], grade)),
};

/** A box of some share of the scan along every axis, at a seeded place; the rest is lost. */
const cut = (grade: Grade, seed: number, outside: (slice: Parameters<SliceChange>[0]) => number): SliceChange => {
  const share = graded([0.8, 0.6, 0.4], grade);
  const random = randomOf(seed, -1);
  const place = [random(), random(), random()];
  return (slice) => {
    const [, , width] = slice.scan.shape;
    const lost = outside(slice);
    const isInside = (index: number, axis: 0 | 1 | 2) => {
      const length = slice.scan.shape[axis];
      const size = Math.max(1, Math.round(share * length));
      const from = Math.floor(place[axis] * (length - size + 1));
      return index >= from && index < from + size;
    };
    if (!isInside(slice.z, 0)) return slice.data.map(() => lost);
    return slice.data.map((value, i) => (isInside(Math.floor(i / width), 1) && isInside(i % width, 2) ? value : lost));
  };
};

export const crop: Shift = {
  name: 'crop',
  title: 'Crop',
  modality: 'mr',
  grades: [
    'a box of 80 % of the scan along every axis',
    'a box of 60 % of the scan along every axis',
    'a box of 40 % of the scan along every axis',
  ],
  at: (grade, seed) => cut(grade, seed, floorOf),
  truth: (grade, seed) => cut(grade, seed, () => 0),
};
