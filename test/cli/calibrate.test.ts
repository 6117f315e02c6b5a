import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const train = join(workshop, 'train');
const heldOut = (i: number) => join(workshop, 'held-out', `held-out_${i}_0000.nii.gz`);
const fresh = () => mkdtempSync(join(workshop, 'calibrate-'));
const unpacked = (from: string, to: string) => {
  writeFileSync(to, gunzipSync(readFileSync(from)));
  return to;
};

/** A copy of the detector, so that its own calibration stays as it is. */
function copied(): string {
  const detector = join(fresh(), 'detector');
  cpSync(join(workshop, 'detector'), detector, { recursive: true });
  return detector;
}

describe('segcanary calibrate', () => {
  it('refuses scans that the detector was fitted to, however they are stored', async () => {
    const detector = join(workshop, 'detector');
    const ran = await segcanary(['calibrate', '-d', detector, '-i', train]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/was fitted to this scan/);
    const plain = unpacked(join(train, 'train_3_0000.nii.gz'), join(fresh(), 'renamed.nii'));
    const again = await segcanary(['calibrate', '-d', detector, '-i', heldOut(0), plain]);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/renamed\.nii: the detector was fitted to this scan/);
  });

  it('refuses the same scan twice and names both files', async () => {
    const plain = unpacked(heldOut(1), join(fresh(), 'copy.nii'));
    const ran = await segcanary(['calibrate', '-d', join(workshop, 'detector'), '-i', heldOut(0), heldOut(1), plain]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/copy\.nii: is the same scan as .*held-out_1_0000\.nii\.gz/);
  });

  it('leaves out a segmentation, draws the boundary of --level, and says what hangs on it', async () => {
    const detector = copied();
    const labels = gunzipSync(readFileSync(heldOut(0)));
    // A quarter of the voxels, in runs of 256.
    for (let at = 352; at < labels.length; at += 2) labels.writeInt16LE(Number((at >> 8) % 8 < 2), at);
    const path = join(fresh(), 'labels.nii');
    writeFileSync(path, labels);
    const patients = join(fresh(), 'patients.csv');
    const names = ['held-out_0', 'held-out_1', 'held-out_2', 'labels'];
    writeFileSync(patients, `case,patient\n${names.map((name, i) => `${name},${'aabc'[i]}`).join('\n')}\n`);
    const inputs = [heldOut(0), heldOut(1), heldOut(2), path];
    const ran = await segcanary([
      'calibrate',
      '-d',
      detector,
      '-i',
      ...inputs,
      '--level',
      '0.5',
      '--patients',
      patients,
    ]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/labels\.nii: its voxels are labels/);
    expect(ran.stderr).toMatch(/held-out_0, held-out_1 of a/);
    const { calibration } = JSON.parse(readFileSync(join(detector, 'detector.json'), 'utf8'));
    expect(calibration).toMatchObject({ level: 0.5, boundary: { level: 0.5, conformal: calibration.cases[1].score } });
    const said = ran.stdout.toString();
    expect(said).toMatch(/conformal, level 50\.0 %/);
    expect(said).toMatch(/at least 50 % of scans like them/);
    expect(said).toMatch(/largest +\S+ -?[\d.]+, \S+ -?[\d.]+, \S+ -?[\d.]+\n/);
    expect(said).toMatch(/With these 3 the chance that more than 75 % /);
    const inspected = await segcanary(['inspect', detector]);
    expect(inspected.stdout.toString()).toContain(said.slice(said.indexOf('\n')).trim());
  });

  it('takes no level that is none', async () => {
    const ran = await segcanary(['calibrate', '-d', join(workshop, 'detector'), '-i', heldOut(0), '--level', '95']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/above 0 and below 1/);
  });
});
