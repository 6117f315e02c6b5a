import type { Triple } from '../chunks.js';
import { floorOf, graded, normal, randomOf, type Shift, type SliceChange, statisticsOf } from './shift.js';

/** Shifts of the values of an MR. Parameters are those of TorchIO's transforms of these names. */

export const ricianNoise: Shift = {
  name: 'noise',
  title: 'Rician noise',
  modality: 'mr',
  grades: [
    'noise of 0.2 times the deviation of the scan',
    'noise of 0.5 times the deviation of the scan',
    'noise of 1 times the deviation of the scan',
  ],
  at: (grade, seed) => (slice) => {
    const sigma = graded([0.2, 0.5, 1], grade) * statisticsOf(slice).std;
    const floor = floorOf(slice);
    const random = randomOf(seed, slice.z);
    // The magnitude of a complex signal with normal noise in both parts.
    return slice.data.map(
      (value) => floor + Math.hypot(value - floor + sigma * normal(random), sigma * normal(random)),
    );
  },
};

/**
 * A polynomial field: values are multiplied by exp(sum c x^i y^j z^k), i + j + k <= order, with
 * coordinates from -1 to 1 over the scan.
 *
 * @param coefficients in TorchIO's order: i outermost, k innermost
 */
export const biasedBy =
  (order: number, coefficients: readonly number[]): SliceChange =>
  (slice) => {
    const { z, data, scan } = slice;
    const floor = floorOf(slice);
    const [, , width] = scan.shape;
    const w = unit(z, scan.shape, 0);
    return data.map((value, at) => {
      const [u, v] = [unit(at % width, scan.shape, 2), unit(Math.floor(at / width), scan.shape, 1)];
      let exponent = 0;
      let c = 0;
      for (let i = 0; i <= order; i++)
        for (let j = 0; j <= order - i; j++)
          for (let k = 0; k <= order - i - j; k++) exponent += coefficients[c++] * u ** i * v ** j * w ** k;
      return floor + (value - floor) * Math.exp(exponent);
    });
  };

/** Where a voxel lies along an axis, from -1 to 1. */
const unit = (index: number, shape: Triple, axis: 0 | 1 | 2): number =>
  shape[axis] > 1 ? (2 * index) / (shape[axis] - 1) - 1 : 0;

export const biasField: Shift = {
  name: 'bias-field',
  title: 'Bias field',
  modality: 'mr',
  grades: [
    'a cubic field with coefficients up to 0.2',
    'a cubic field with coefficients up to 0.5',
    'a cubic field with coefficients up to 1',
  ],
  at: (grade, seed) => {
    const most = graded([0.2, 0.5, 1], grade);
    const random = randomOf(seed, -1);
    // A cubic polynomial of three variables has 20 terms.
    return biasedBy(
      3,
      Array.from({ length: 20 }, () => most * (2 * random() - 1)),
    );
  },
};

/** Values between the extremes of the scan, as a fraction of that range raised to a power. */
export const raisedTo =
  (gamma: number): SliceChange =>
  (slice) => {
    const { min, max } = statisticsOf(slice);
    if (max === min) return slice.data.slice();
    return slice.data.map((value) => min + (max - min) * ((value - min) / (max - min)) ** gamma);
  };

export const gammaShift: Shift = {
  name: 'gamma',
  title: 'Gamma',
  modality: 'mr',
  grades: ['a power of 1.3 or 1/1.3', 'a power of 2 or 1/2', 'a power of 4 or 1/4'],
  at: (grade, seed) => {
    const gamma = graded([1.3, 2, 4], grade);
    return raisedTo(randomOf(seed, -1)() < 0.5 ? gamma : 1 / gamma);
  },
};

export const contrastInversion: Shift = {
  name: 'contrast-inversion',
  title: 'Contrast inversion',
  modality: 'mr',
  grades: [
    'inverted from one deviation above the mean on',
    'inverted from the mean on',
    'inverted: bright is dark and dark is bright',
  ],
  at: (grade) => (slice) => {
    const { min, max, mean, std } = statisticsOf(slice);
    if (grade === 3) return slice.data.map((value) => max + min - value);
    const from = grade === 1 ? mean + std : mean;
    return slice.data.map((value) => (value > from ? Math.max(min, 2 * from - value) : value));
  },
};

export const intensityScale: Shift = {
  name: 'intensity-scale',
  title: 'Intensity scale',
  modality: 'mr',
  // Powers of two, which float32 multiplies exactly.
  grades: ['values 2 times as large', 'values 8 times as large', 'values 32 times as large'],
  at: (grade) => {
    const scale = graded([2, 8, 32], grade);
    return ({ data }) => data.map((value) => value * scale);
  },
};
