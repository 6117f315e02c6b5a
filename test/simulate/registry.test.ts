import { describe, expect, it } from 'vitest';
import { SHIFTS } from '../../src/simulate/registry.js';
import type { CtSlice, Grade, Shift } from '../../src/simulate/shift.js';
import { SliceShifter, type SliceShifterOptions } from '../../src/simulate/slice-shifter.js';
import { scanOf } from '../support/grids.js';

// Every shift of the registry, whichever file it is from.

const [depth, height, width] = [10, 48, 64];
const scan = { ...scanOf([depth, height, width]), spacing: [3, 1, 1] as const };
/**
 * Air with a body of 40 HU, fat around it, a bone in it, and a heart on the left that moves from
 * slice to slice.
 */
const slice = (z: number): CtSlice => ({
  z,
  scan,
  data: Float32Array.from({ length: height * width }, (_, i) => {
    const r = Math.hypot(Math.floor(i / width) - 24, (i % width) - 32);
    const heart = Math.hypot(Math.floor(i / width) - 20, (i % width) - 38 - z / 4);
    return r > 22 ? -1000 : r > 18 ? -100 : r < 3 ? 700 : heart < 4 ? 150 : 40;
  }),
});
const shifted = (options: SliceShifterOptions) => {
  const shifter = new SliceShifter(options);
  const slices = Array.from({ length: depth }, (_, z) => shifter.push(slice(z))).flat();
  return [...slices, ...shifter.flush()];
};
const volume = (shift: Shift, grade: Grade, seed = 1) =>
  shifted({ shift, grade, seed }).flatMap(({ data }) => [...data]);
const original = Array.from({ length: depth }, (_, z) => [...slice(z).data]).flat();
const rms = (values: number[]) =>
  Math.sqrt(values.reduce((sum, v, i) => sum + (v - original[i]) ** 2, 0) / values.length);
const named = (name: string) => SHIFTS.find((s) => s.name === name)!;

describe('every shift', () => {
  it.each(SHIFTS)('$name grows with its grade, is seeded, and leaves its input alone', (shift) => {
    const [one, two, three] = ([1, 2, 3] as const).map((grade) => volume(shift, grade));
    expect(rms(one!)).toBeGreaterThan(0);
    expect(rms(two!)).toBeGreaterThan(shift.name === 'flipped-axes' ? 0 : rms(one!));
    expect(rms(three!)).toBeGreaterThan(shift.name === 'flipped-axes' ? 0 : rms(two!));
    expect(volume(shift, 2)).toEqual(two);
    expect(three!.every(Number.isFinite)).toBe(true);
    const given = slice(3);
    const before = given.data.slice();
    const change = shift.at(3, 1);
    // In any order.
    if (!shift.thickness) expect([...change(given)]).toEqual(three!.slice(3 * height * width, 4 * height * width));
    else change(given);
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
    expect(noisy.reduce((sum, v, i) => sum + v - original[i], 0) / noisy.length).toBeLessThan(3);
  });

  it('intercept and slope are those of every voxel', () => {
    expect(volume(named('rescale-intercept'), 3)).toEqual(original.map((v) => v + 1024));
    expect(volume(named('rescale-slope'), 1)).toEqual(original.map((v) => v * 1.25));
  });

  it('contrast agent brightens soft tissue, and neither fat nor bone', () => {
    const bright = volume(named('contrast-agent'), 1);
    bright.forEach((v, i) => {
      const hu = original[i];
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

  it('thick slices are means of their neighbours, the last of what is left', () => {
    const shift = named('thick-slices');
    const mean = (...zs: number[]) => {
      const slices = zs.map((z) => slice(z).data);
      return slices[0].map((_, i) => slices.reduce((sum, data) => sum + data[i], 0) / zs.length);
    };
    const thick = shifted({ shift, grade: 2 });
    expect(thick.map(({ z }) => z)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(thick[3].data).toEqual(mean(3, 4, 5));
    expect(thick[5].data).toEqual(mean(3, 4, 5));
    expect(thick[9].data).toEqual(slice(9).data);
    expect(shifted({ shift, grade: 2, of: 'truth' })[3].data).toEqual(slice(3).data);
  });

  it('flipped axes carry the truth along', () => {
    const shift = named('flipped-axes');
    const at = (grade: Grade, y: number, x: number) => volume(shift, grade)[y * width + x];
    const before = (y: number, x: number) => slice(0).data[y * width + x];
    for (const [y, x] of [
      [20, 38],
      [10, 30],
      [2, 1],
    ] as const) {
      expect(at(1, y, width - 1 - x)).toBe(before(y, x));
      expect(at(2, height - 1 - y, x)).toBe(before(y, x));
      expect(at(3, height - 1 - y, width - 1 - x)).toBe(before(y, x));
    }
    expect(shifted({ shift, grade: 1, of: 'truth' })).toEqual(shifted({ shift, grade: 1 }));
  });

  it('another body part has legs from below, and no truth there', () => {
    const shift = named('another-body-part');
    const grid = { shape: [6, 120, 200], spacing: [3, 2, 2] } as const;
    const data = new Float32Array(120 * 200).fill(1);
    const run = (of: 'scan' | 'truth') => {
      const shifter = new SliceShifter({ shift, grade: 1, seed: 3, of });
      return [0, 1, 2].flatMap((z) => shifter.push({ z, data, scan: grid }));
    };
    const [legs, , chest] = run('scan');
    expect(chest!.data).toEqual(data);
    const near = (hu: number) => legs!.data.reduce((n, v) => n + Number(Math.abs(v - hu) < 60), 0) / data.length;
    // Two ellipses of half axes 75 to 95 and 85 to 105 mm fill 43 to 68 % of 240 x 400 mm (the rim
    // cuts them).
    expect(near(-1000)).toBeGreaterThan(0.3);
    expect(near(55)).toBeGreaterThan(0.2);
    expect(near(900)).toBeGreaterThan(0.005);
    expect(run('truth').map((s) => s.data[0])).toEqual([0, 0, 1]);
  });
});
