import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkModality, modalityLike } from '../../src/simulate/modality.js';
import { contrastInversion, intensityScale } from '../../src/simulate/mr-intensities.js';
import { SHIFT_NAMES, SHIFTS, shiftsFor } from '../../src/simulate/registry.js';
import type { CtSlice, Grade, Shift } from '../../src/simulate/shift.js';
import { SliceShifter } from '../../src/simulate/slice-shifter.js';
import { scanOf } from '../support/grids.js';

const [depth, height, width] = [9, 24, 20];
const scan = { ...scanOf([depth, height, width]), spacing: [3, 1, 1.5] as const };
const plane = height * width;
/** A bright ball in a gradient, without negative values. */
const voxels = Float32Array.from({ length: depth * plane }, (_, i) => {
  const [z, y, x] = [Math.floor(i / plane), Math.floor((i % plane) / width), i % width];
  return Math.hypot(z - 4, y - 12, x - 10) < 6 ? 300 + 3 * x : 40 + y + (z % 2);
});
const mean = voxels.reduce((sum, v) => sum + v, 0) / voxels.length;
const std = Math.sqrt(voxels.reduce((sum, v) => sum + (v - mean) ** 2, 0) / voxels.length);
const statistics = { min: 40, max: Math.max(...voxels), mean, std };
const slice = (z: number): CtSlice => ({ z, scan, data: voxels.slice(z * plane, (z + 1) * plane), statistics });

function volume(shift: Shift, grade: Grade, seed = 1, of: 'scan' | 'truth' = 'scan'): number[] {
  const shifter = new SliceShifter({ shift, grade, seed, of });
  const slices = Array.from({ length: depth }, (_, z) => shifter.push(slice(z))).flat();
  return [...slices, ...shifter.flush()].flatMap(({ data }) => [...data]);
}
const rms = (values: number[]) =>
  Math.sqrt(values.reduce((sum, v, i) => sum + (v - voxels[i]) ** 2, 0) / values.length);
const named = (name: string) => {
  const found = shiftsFor('mr').find((shift) => shift.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe('every shift of MR', () => {
  it.each(shiftsFor('mr'))('$name changes more with its grade, is seeded, and leaves its input alone', (shift) => {
    const three = volume(shift, 3);
    // A draw may be a weak one of a strong grade: the mean over some seeds grows.
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const [first, second, third] = ([1, 2, 3] as const).map((grade) =>
      seeds.reduce((sum, seed) => sum + rms(volume(shift, grade, seed)), 0),
    );
    expect(first).toBeGreaterThan(0);
    // A flip has no strength.
    expect(second).toBeGreaterThan(shift.name === 'flipped-axes' ? 0 : first);
    expect(third).toBeGreaterThan(shift.name === 'flipped-axes' ? 0 : second);
    expect(three.every(Number.isFinite)).toBe(true);
    expect(volume(shift, 3)).toEqual(three);
    const given = slice(3);
    const alone = shift.at(3, 1)(given);
    // A slice does not depend on which were made before it.
    if (!shift.thickness) expect([...alone]).toEqual(three.slice(3 * plane, 4 * plane));
    expect(given.data).toEqual(slice(3).data);
  });

  it.each(['noise', 'bias-field', 'spike', 'motion', 'crop'])('%s is another with another seed', (name) => {
    expect(volume(named(name), 2, 1)).not.toEqual(volume(named(name), 2, 2));
  });

  it.each(['noise', 'bias-field', 'spike', 'motion', 'gamma', 'contrast-inversion', 'crop'])(
    '%s asks for what was measured of the scan',
    (name) => {
      expect(() => named(name).at(1, 1)({ ...slice(0), statistics: undefined })).toThrow('put `measure()` before');
    },
  );
});

describe('what they say they do', () => {
  it('an intensity scale is exactly a scale, of any float32', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, min: -1e6, max: 1e6, minLength: 1, maxLength: 20 }), (data) => {
        for (const [grade, scale] of [
          [1, 2],
          [2, 8],
          [3, 32],
        ] as const) {
          const found = intensityScale.at(grade, 0)({ ...slice(0), data });
          expect([...found].map((v) => v / scale)).toEqual([...data]);
        }
      }),
    );
  });

  it('contrast is inverted from a value on, and the least value stays the least', () => {
    const data = Float32Array.of(0, 10, 20, 30, 40);
    const given = { ...slice(0), data, statistics: { min: 0, max: 40, mean: 20, std: 5 } };
    expect([...contrastInversion.at(1, 0)(given)]).toEqual([0, 10, 20, 20, 10]);
    expect([...contrastInversion.at(2, 0)(given)]).toEqual([0, 10, 20, 10, 0]);
    expect([...contrastInversion.at(3, 0)(given)]).toEqual([40, 30, 20, 10, 0]);
  });

  it('a crop keeps a box of its share, and cuts the truth to the same', () => {
    const kept = volume(named('crop'), 2);
    const isKept = kept.map((v) => v !== 0);
    // 0.6 of 9, 24 and 20, rounded.
    expect(isKept.filter(Boolean)).toHaveLength(5 * 14 * 12);
    kept.forEach((v, i) => {
      if (isKept[i]) expect(v).toBe(voxels[i]);
    });
    expect(volume(named('crop'), 2, 1, 'truth')).toEqual(kept);
  });

  it('motion leaves a scan in which nothing can be seen to move as it is', () => {
    const flat = {
      ...slice(2),
      data: new Float32Array(plane).fill(50),
      statistics: { min: 50, max: 50, mean: 50, std: 0 },
    };
    for (const name of ['motion', 'ghosting'])
      for (const value of named(name).at(3, 4)(flat)) expect(value).toBeCloseTo(50, 3);
  });
});

describe('modalities', () => {
  it('have the shifts of their own, and CT those of always', () => {
    expect(shiftsFor('ct')).toBe(SHIFTS);
    for (const modality of ['ct', 'mr'] as const)
      for (const shift of shiftsFor(modality)) expect([undefined, modality]).toContain(shift.modality);
    expect(new Set(SHIFT_NAMES).size).toBe(SHIFT_NAMES.length);
  });

  it.each([
    ['a CT with air', -1024, 'ct'],
    ['a CT of a body', -200, 'ct'],
    ['a magnitude', 0, 'mr'],
    ['a scan that was normalised', -4.2, 'mr'],
  ] as const)('of %s are told by its values', (_, min, modality) => {
    expect(modalityLike({ min })).toBe(modality);
  });

  it('refuse shifts of the other, and take what is said of the scan before what is seen', () => {
    const ct = { min: -1000, max: 2000 };
    const [lowDose] = SHIFTS;
    const check = (shift: Shift, values: typeof ct, modality?: 'ct' | 'mr') => () =>
      checkModality(shift, values, { modality, subject: 'a.nii' });
    expect(check(lowDose, ct)).not.toThrow();
    expect(check(lowDose, { min: 0, max: 9 })).toThrow('a.nii: has values from 0 to 9 and looks like an MR');
    expect(check(lowDose, { min: 0, max: 9 }, 'ct')).not.toThrow();
    expect(check(lowDose, ct, 'mr')).toThrow(
      'a.nii: is said to be an MR by `modality`, and low-dose is a shift of CTs.',
    );
    expect(check(named('noise'), ct)).toThrow('looks like a CT in HU, and noise is a shift of MRs');
    expect(check(named('flipped-axes'), ct)).not.toThrow();
  });
});
