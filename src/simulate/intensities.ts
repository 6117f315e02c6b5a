import { boxBlur, graded, randomOf, type Shift } from './shift.js';

/** Shifts that a scanner, a reconstruction or a header makes, the same everywhere. */

export const lowDose: Shift = {
  name: 'low-dose',
  title: 'Low dose',
  modality: 'ct',
  grades: ['60 HU of noise more', '130 HU of noise more', '260 HU of noise more'],
  at: (grade, seed) => {
    const deviation = graded([60, 130, 260], grade);
    return ({ z, data, scan }) => {
      const random = randomOf(seed, z);
      // Normal numbers by Box and Muller, then in patches of some voxels, as filtered
      // back-projection leaves noise.
      const white = new Float32Array(data.length);
      for (let i = 0; i < white.length; i++)
        white[i] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const [, height, width] = scan.shape;
      const grain = boxBlur(white, height, width, 1);
      // A mean of nine has a third of the deviation.
      return data.map((hu, i) => hu + 3 * deviation * grain[i]);
    };
  },
};

export const sharpKernel: Shift = {
  name: 'sharp-kernel',
  title: 'Sharp reconstruction kernel',
  modality: 'ct',
  grades: [
    'edges and noise 2 times as strong',
    'edges and noise 4 times as strong',
    'edges and noise 8 times as strong',
  ],
  at: (grade) => {
    const gain = graded([1, 3, 7], grade);
    return ({ data, scan }) => {
      const [, height, width] = scan.shape;
      const smooth = boxBlur(data, height, width, 1);
      return data.map((hu, i) => hu + gain * (hu - smooth[i]));
    };
  },
};

export const thickSlices: Shift = {
  name: 'thick-slices',
  title: 'Thick slices',
  grades: ['slices 2 times as thick', 'slices 3 times as thick', 'slices 4 times as thick'],
  thickness: (grade) => grade + 1,
  at:
    () =>
    ({ data }) =>
      data.slice(),
};

export const rescaleIntercept: Shift = {
  name: 'rescale-intercept',
  title: 'Wrong rescale intercept',
  modality: 'ct',
  grades: ['100 HU too high', '400 HU too high', '1024 HU too high: air is at 0'],
  at: (grade) => {
    const offset = graded([100, 400, 1024], grade);
    return ({ data }) => data.map((hu) => hu + offset);
  },
};

export const rescaleSlope: Shift = {
  name: 'rescale-slope',
  title: 'Wrong rescale slope',
  modality: 'ct',
  grades: ['values 1.25 times too large', 'values 1.6 times too large', 'values 2.5 times too large'],
  at: (grade) => {
    const slope = graded([1.25, 1.6, 2.5], grade);
    return ({ data }) => data.map((hu) => hu * slope);
  },
};

export const contrastAgent: Shift = {
  name: 'contrast-agent',
  title: 'Contrast agent',
  modality: 'ct',
  grades: [
    'soft tissue up to 80 HU brighter',
    'soft tissue up to 160 HU brighter',
    'soft tissue up to 320 HU brighter',
  ],
  at: (grade) => {
    const most = graded([80, 160, 320], grade);
    // Blood and organs take it up, fat and bone do not: a hump over 0 to 120 HU.
    const uptake = (hu: number) => (hu <= 0 || hu >= 120 ? 0 : Math.sin((Math.PI * hu) / 120));
    return ({ data }) => data.map((hu) => hu + most * uptake(hu));
  },
};
