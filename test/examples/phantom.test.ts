import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { anatomy } from '../../examples/phantom/anatomy.js';
import { cohort } from '../../examples/phantom/cohort.js';
import { cageDepth, lungDepth, lungShare } from '../../examples/phantom/lungs.js';
import { generatePhantom, type Phantom } from '../../examples/phantom/phantom.js';
import { between, random } from '../../examples/phantom/random.js';
import { cover } from '../../examples/phantom/shapes.js';
import { type Severity, SHIFTS } from '../../examples/phantom/shifts/index.js';
import { sites } from '../../examples/phantom/sites.js';
import { bodyDepth, inAir } from '../../examples/phantom/trunk.js';

const phantom = generatePhantom({ seed: 1003, site: sites[3] });
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
  it('has, for a seed and a site, the voxels that the network was trained on', () => {
    const made = sites.slice(0, 3).map((site, i) => generatePhantom({ seed: 1000 + i, site }));
    expect([...made, phantom].map(bytes)).toEqual([
      '84c74bc4dd7a72050d1210553a3904e316d6f39b7065b9c6d911505a52ca331d',
      'bfbc5895c906a23ac5cc9466af42eadcae93de1e55e52f48e1a56fc6a283eee3',
      '54bc4b58a44b8c08a9f2ae467c7ee66222db6c1ae6d4a1ce84d2b12c3d4660a4',
      '7a1c31e016e12b9fcea41c22f2497699090c361b50084105fce344df7750eb0c',
    ]);
    expect(made.map((p) => p.shape)).toEqual(sites.slice(0, 3).map((site) => site.shape));
  });

  it('takes no shortcut that changes what is found', () => {
    const next = random(7);
    let [air, lung] = [0, 0];
    let patient = anatomy(next);
    for (let i = 0; i < 20_000; i++) {
      if (i % 1000 === 0) patient = anatomy(next);
      const [x, y, z] = [between(next, -180, 180), between(next, -170, 180), between(next, -5, 262)];
      if (inAir(patient, x, y, z, 2.9)) {
        air++;
        expect(bodyDepth(patient, x, y, z)).toBeLessThan(-2.9);
      }
      const share = lungShare(patient, x, y, z, cageDepth(patient, x, y, z), 2.9);
      if (share > 0) lung++;
      expect(share).toBe(cover(lungDepth(patient, x, y, z), 2.9));
    }
    expect(air).toBeGreaterThan(3000);
    expect(lung).toBeGreaterThan(1000);
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
