import { describe, expect, it } from 'vitest';
import { SHIFTS } from '../../src/simulate/registry.js';
import { boxBlur, type CtSlice, type Grade, type Shift } from '../../src/simulate/shift.js';
import { scanOf } from '../support/grids.js';

const [depth, height, width] = [10, 48, 64];
const scan = { ...scanOf([depth, height, width]), spacing: [3, 1, 1] as const };
/** Air with a body of 40 HU, fat around it and a bone in it. */
const slice = (z: number): CtSlice => ({
  z,
  scan,
  data: Float32Array.from({ length: height * width }, (_, i) => {
    const r = Math.hypot(Math.floor(i / width) - 24, (i % width) - 32);
    return r > 22 ? -1000 : r > 18 ? -100 : r < 3 ? 700 : 40;
  }),
});
const volume = (shift: Shift, grade: Grade, seed = 1) => {
  const change = shift.at(grade, seed);
  return Array.from({ length: depth }, (_, z) => [...change(slice(z))]).flat();
};
const original = Array.from({ length: depth }, (_, z) => [...slice(z).data]).flat();
const rms = (values: number[]) =>
  Math.sqrt(values.reduce((sum, v, i) => sum + (v - original[i]!) ** 2, 0) / values.length);
const named = (name: string) => SHIFTS.find((s) => s.name === name)!;

describe('every shift', () => {
  it.each(SHIFTS)('$name grows with its grade, is seeded, and leaves its input alone', (shift) => {
    const [one, two, three] = ([1, 2, 3] as const).map((grade) => volume(shift, grade));
    expect(rms(one!)).toBeGreaterThan(0);
    expect(rms(two!)).toBeGreaterThan(rms(one!));
    expect(rms(three!)).toBeGreaterThan(rms(two!));
    expect(volume(shift, 2)).toEqual(two);
    expect(three!.every(Number.isFinite)).toBe(true);
    const given = slice(3);
    const before = given.data.slice();
    const change = shift.at(3, 1);
    // In any order.
    expect([...change(given)]).toEqual(three!.slice(3 * height * width, 4 * height * width));
    expect(given.data).toEqual(before);
    expect(shift.grades.length).toBe(3);
  });

  it.each(['low-dose', 'metal-streaks'])('%s is another with another seed', (name) => {
    expect(volume(named(name), 2, 1)).not.toEqual(volume(named(name), 2, 2));
  });
});

describe('what they say they do', () => {
  it('noise has the deviation that its grade names', () => {
    const noisy = volume(named('low-dose'), 2);
    expect(rms(noisy)).toBeGreaterThan(0.95 * 130);
    expect(rms(noisy)).toBeLessThan(1.1 * 130);
    expect(noisy.reduce((sum, v, i) => sum + v - original[i]!, 0) / noisy.length).toBeLessThan(3);
  });

  it('intercept and slope are those of every voxel', () => {
    expect(volume(named('rescale-intercept'), 3)).toEqual(original.map((v) => v + 1024));
    expect(volume(named('rescale-slope'), 1)).toEqual(original.map((v) => v * 1.25));
  });

  it('contrast agent brightens soft tissue, and neither fat nor bone', () => {
    const bright = volume(named('contrast-agent'), 1);
    bright.forEach((v, i) => {
      const hu = original[i]!;
      expect(v - hu).toBeCloseTo(hu === 40 ? 80 * Math.sin((Math.PI * 40) / 120) : 0, 3);
    });
  });

  it('a truncated field of view has air outside its circle', () => {
    const cut = volume(named('truncated-fov'), 3);
    expect(cut[0]).toBe(-1024);
    expect(cut[24 * width + 32]).toBe(700);
    expect(cut[24 * width + 32 + 16]).toBe(-1024);
  });

  it('a sharp kernel leaves flat regions as they are', () => {
    expect(volume(named('sharp-kernel'), 3)[24 * width + 32 - 10]).toBeCloseTo(40, 3);
  });

  it('a box blur is the mean of its window', () => {
    const data = Float32Array.of(0, 3, 6, 9, 12, 15);
    // 2x3, radius 1: numpy means of the windows, cut at the rim.
    expect([...boxBlur(data, 2, 3, 1)]).toEqual([6, 7.5, 9, 6, 7.5, 9]);
  });
});
