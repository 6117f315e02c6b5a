import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { MODEL, segcanary } from '../support/cli.js';
import { writeNoise } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const good = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');

/** A longer scan than the others. */
const shifted = () =>
  writeNoise({ path: join(mkdtempSync(join(workshop, 'early-')), 'shifted.nii'), seed: 9, shape: [120, 72, 72] });

it('writes no mask of a scan that was decided early', async () => {
  const folder = join(mkdtempSync(join(workshop, 'early-')), 'out');
  await segcanary(['score', '-d', detector, '-i', await shifted(), '-o', folder, '--early']);
  expect(readdirSync(folder).sort()).toEqual(['scores.csv', 'shifted.json', 'summary.json']);
  const [, row] = readFileSync(join(folder, 'scores.csv'), 'utf8').trim().split('\n');
  const { scoreAtLeast } = JSON.parse(readFileSync(join(folder, 'shifted.json'), 'utf8'));
  expect(row).toContain(`shifted,${scoreAtLeast},`);
}, 60_000);

it('refuses what cannot be decided early', async () => {
  const folder = mkdtempSync(join(workshop, 'early-'));
  const train = join(workshop, 'train');
  const [uncalibrated, intensities] = [join(folder, 'uncalibrated'), join(folder, 'intensities')];
  await segcanary(['fit', '-m', MODEL, '-i', train, '-o', uncalibrated]);
  await segcanary(['fit', '-m', MODEL, '-i', train, '-o', intensities, '--detector', 'ihf']);
  for (const [args, sentence] of [
    [['-d', detector, '-i', good, '--early', '--mask', '-'], /A mask needs every patch and --early stops/],
    [['-d', uncalibrated, '-i', good, '--early'], /is not calibrated, so nothing can be decided early/],
    [['-d', intensities, '-i', good, '--early'], /ihf judges a scan as a whole, so --early is not for it/],
    [['-d', intensities, '-i', good, '--remember-constants'], /ihf judges a scan as a whole, so --remember-constants/],
  ] as const) {
    const ran = await segcanary(['score', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(sentence);
    expect(ran.stderr.trim().split('\n').length).toBe(1);
  }
}, 60_000);
