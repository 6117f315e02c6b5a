import { graded, randomOf, type Shift } from './shift.js';

/** Shifts that a patient brings: metal, movement, a body larger than the field of view. */

export const metalStreaks: Shift = {
  name: 'metal-streaks',
  title: 'Metal streaks',
  modality: 'ct',
  grades: [
    'streaks of 150 HU around two implants',
    'streaks of 400 HU around two implants',
    'streaks of 1000 HU around two implants',
  ],
  at: (grade, seed) => {
    const amplitude = graded([150, 400, 1000], grade);
    const random = randomOf(seed, -1);
    const spots = [0, 1].map(() => ({
      y: 0.3 + 0.4 * random(),
      x: 0.3 + 0.4 * random(),
      from: 0.6 * random(),
      rays: 9 + Math.floor(8 * random()),
      turn: 2 * Math.PI * random(),
    }));
    return ({ z, data, scan }) => {
      const [depth, height, width] = scan.shape;
      const near = spots.filter(({ from }) => z / depth >= from && z / depth < from + 0.4);
      if (near.length === 0) return data.slice();
      return data.map((hu, i) => {
        let value = hu;
        for (const { y, x, rays, turn } of near) {
          const [dy, dx] = [Math.floor(i / width) - y * height, (i % width) - x * width];
          const distance = Math.hypot(dy, dx) / width;
          if (distance < 0.012) return 3000;
          value += (amplitude * Math.cos(rays * Math.atan2(dy, dx) + turn)) / (1 + 12 * distance);
        }
        return value;
      });
    };
  },
};

export const motion: Shift = {
  name: 'motion',
  title: 'Motion',
  modality: 'ct',
  grades: ['ghosts 3 mm apart', 'ghosts 8 mm apart', 'ghosts 20 mm apart'],
  at: (grade) => {
    const distance = graded([3, 8, 20], grade);
    return ({ data, scan }) => {
      const [, height, width] = scan.shape;
      const rows = Math.max(1, Math.round(distance / scan.spacing[1]));
      const at = (y: number, x: number) => data[Math.min(Math.max(y, 0), height - 1) * width + x];
      return data.map((hu, i) => {
        const [y, x] = [Math.floor(i / width), i % width];
        return 0.5 * hu + 0.25 * (at(y - rows, x) + at(y + rows, x));
      });
    };
  },
};

export const truncatedFov: Shift = {
  name: 'truncated-fov',
  title: 'Truncated field of view',
  modality: 'ct',
  grades: ['a circle of 80 % of the width', 'a circle of 60 % of the width', 'a circle of 40 % of the width'],
  at: (grade) => {
    const radius = graded([0.4, 0.3, 0.2], grade);
    return ({ data, scan }) => {
      const [, height, width] = scan.shape;
      return data.map((hu, i) => {
        const distance = Math.hypot(Math.floor(i / width) - (height - 1) / 2, (i % width) - (width - 1) / 2);
        return distance <= radius * width ? hu : -1024;
      });
    };
  },
};
