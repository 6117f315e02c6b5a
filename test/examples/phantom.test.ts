import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cohort } from '../../examples/phantom/cohort.js';
import { generatePhantom, type Phantom } from '../../examples/phantom/phantom.js';
import { type Severity, SHIFTS } from '../../examples/phantom/shifts/index.js';
import { sites } from '../../examples/phantom/sites.js';

const [north, , , west] = sites as [(typeof sites)[0], (typeof sites)[0], (typeof sites)[0], (typeof sites)[0]];
const phantom = generatePhantom({ seed: 1003, site: west });
const shift = (name: string) => SHIFTS.find((s) => s.name === name)!;
const bytes = (p: Phantom) => createHash('sha256').update(p.volume).update(p.label).digest('hex');

/** Mean of the voxels that a mask marks. */
function meanOf(p: Phantom, mark: (i: number) => boolean): number {
  let [sum, n] = [0, 0];
  for (let i = 0; i < p.volume.length; i++) {
    if (!mark(i)) continue;
    sum += p.volume[i];
    n++;
  }
  return sum / n;
}

describe('the phantom', () => {
  it('is the same for the same seed and site, and another for another', () => {
    expect(bytes(generatePhantom({ seed: 1003, site: west }))).toBe(bytes(phantom));
    expect(bytes(generatePhantom({ seed: 1004, site: west }))).not.toBe(bytes(phantom));
    expect(generatePhantom({ seed: 1003, site: north }).shape).toEqual(north.shape);
  });

  it('has the Hounsfield units of a chest: air around, aired lungs, denser lesions inside them, bone', () => {
    const [, height, width] = phantom.shape;
    const corner = (i: number) => i % width < 8 && Math.floor(i / width) % height < 8;
    expect(meanOf(phantom, corner)).toBeLessThan(-980);
    const lung = meanOf(phantom, (i) => phantom.lung[i] === 1 && phantom.label[i] === 0);
    expect(lung).toBeGreaterThan(-900);
    expect(lung).toBeLessThan(-650);
    expect(meanOf(phantom, (i) => phantom.label[i] === 1)).toBeGreaterThan(lung + 150);
    expect(phantom.label.every((v, i) => v === 0 || phantom.lung[i] === 1)).toBe(true);
    expect(phantom.volume.reduce((n, hu) => n + Number(hu > 250), 0) / phantom.volume.length).toBeGreaterThan(0.004);
  });
});

describe('the shifts', () => {
  it('leave the original alone and give another scan at every severity', () => {
    const before = bytes(phantom);
    for (const s of SHIFTS) {
      const seen = new Set(([1, 2, 3] as Severity[]).map((severity) => bytes(s.apply(phantom, severity, 5))));
      expect(seen.size, s.name).toBe(3);
    }
    expect(bytes(phantom)).toBe(before);
  });

  it('change what they say they change', () => {
    const spread = (p: Phantom) => {
      const inLung = (i: number) => phantom.lung[i] === 1 && phantom.label[i] === 0;
      const mean = meanOf(p, inLung);
      let [sum, n] = [0, 0];
      p.volume.forEach((hu, i) => {
        if (!inLung(i)) return;
        sum += (hu - mean) ** 2;
        n++;
      });
      return Math.sqrt(sum / n);
    };
    expect(spread(shift('low-dose').apply(phantom, 2, 1))).toBeGreaterThan(spread(phantom) + 30);

    const thick = shift('thick-slices').apply(phantom, 3, 1);
    expect(thick.shape[0]).toBe(Math.floor(phantom.shape[0] / 4));
    expect(thick.spacing[0]).toBe(phantom.spacing[0] * 4);

    const offset = shift('rescale-intercept').apply(phantom, 2, 1);
    expect(offset.volume.every((hu, i) => hu === phantom.volume[i] + 400)).toBe(true);

    const flipped = shift('flipped-z').apply(phantom, 3, 1);
    const size = phantom.shape[1] * phantom.shape[2];
    expect(flipped.volume.subarray(0, size)).toEqual(phantom.volume.subarray(-size));
    expect(bytes(shift('flipped-z').apply(flipped, 3, 1))).toBe(bytes(phantom));

    const mr = shift('mr-contrast').apply(phantom, 3, 1);
    const bone = (i: number) => phantom.volume[i] > 300;
    const fat = (i: number) => phantom.volume[i] > -130 && phantom.volume[i] < -80;
    expect(meanOf(mr, fat)).toBeGreaterThan(meanOf(mr, bone) + 150);
  });
});

describe('the cohort', () => {
  it('has no case twice, and the same cases whatever the sizes', () => {
    const large = cohort({ train: 4, calibration: 2, test: 2, shifted: 1 });
    expect(new Set(large.map((c) => c.name)).size).toBe(large.length);
    expect(large.length).toBe(8 + 3 * SHIFTS.length);
    const small = cohort({ train: 1, calibration: 0, test: 1, shifted: 0 });
    expect(small.map((c) => c.name)).toEqual(['train_000', 'test_000']);
    expect(bytes(small[1].make())).toBe(bytes(large.find((c) => c.name === 'test_000')!.make()));
  });
});
