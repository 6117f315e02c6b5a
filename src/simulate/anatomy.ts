import { type Grade, graded, randomOf, type Shift, type SliceChange } from './shift.js';

/** Shifts of what is scanned, and of how it lies in the file. */

/** HU of what a leg is made of. */
const TISSUE = { air: -1000, fat: -90, muscle: 55, bone: 900, marrow: -30 } as const;

/** The part of the scan that lies in the thighs, from the first slice on. */
const thighs = (grade: Grade): number => graded([1 / 3, 2 / 3, 1], grade);

export const anotherBodyPart: Shift = {
  name: 'another-body-part',
  title: 'Another body part',
  modality: 'ct',
  grades: ['thighs in the lowest third', 'thighs in the lowest two thirds', 'thighs throughout'],
  at: (grade, seed) => {
    const random = randomOf(seed, -1);
    // Half axes in mm: every patient has legs of their own.
    const legs = [-1, 1].map((side) => ({
      side,
      across: 75 + 20 * random(),
      deep: 85 + 20 * random(),
      fat: 8 + 14 * random(),
      bone: 14 + 4 * random(),
      up: 20 * random() - 10,
    }));
    return ({ z, data, scan }) => {
      const [depth, height, width] = scan.shape;
      if (z >= thighs(grade) * depth) return data.slice();
      const noise = randomOf(seed, z);
      const [, dy, dx] = scan.spacing;
      return data.map((_, i) => {
        const y = (Math.floor(i / width) - (height - 1) / 2) * dy;
        const x = ((i % width) - (width - 1) / 2) * dx;
        let hu: number = TISSUE.air;
        for (const { side, across, deep, fat, bone, up } of legs) {
          const [u, v] = [x - side * (across + 4), y - up];
          const skin = Math.hypot(u / across, v / deep);
          if (skin > 1) continue;
          const toBone = Math.hypot(u + side * 8, v + 6);
          if (toBone < 0.45 * bone) hu = TISSUE.marrow;
          else if (toBone < bone) hu = TISSUE.bone;
          else hu = (1 - skin) * Math.min(across, deep) < fat ? TISSUE.fat : TISSUE.muscle;
        }
        // Three uniform numbers: nearly normal, of deviation 20 HU.
        return hu + 40 * (noise() + noise() + noise() - 1.5);
      });
    };
  },
  truth:
    (grade) =>
    ({ z, data, scan }) =>
      z >= thighs(grade) * scan.shape[0] ? data.slice() : new Float32Array(data.length),
};

/** Exchanges left and right (1), front and back (2) or both (3). */
const flip =
  (grade: Grade): SliceChange =>
  ({ data, scan }) => {
    const [, height, width] = scan.shape;
    return data.map((_, i) => {
      const [y, x] = [Math.floor(i / width), i % width];
      return data[(grade === 1 ? y : height - 1 - y) * width + (grade === 2 ? x : width - 1 - x)];
    });
  };

export const flippedAxes: Shift = {
  name: 'flipped-axes',
  title: 'Flipped axes',
  grades: ['left and right exchanged', 'front and back exchanged', 'turned by half: both exchanged'],
  at: flip,
  truth: flip,
};
