import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const good = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');

/** A longer scan than the others, of noise: out of distribution from its first patch on. */
async function shifted(): Promise<string> {
  const path = join(mkdtempSync(join(workshop, 'early-')), 'shifted.nii');
  await writeScan({ path, seed: 9, shape: [120, 72, 72] });
  const bytes = readFileSync(path);
  for (let at = 352; at < bytes.length; at += 2) bytes.writeInt16LE(((at / 2) * 7919) % 2048, at);
  writeFileSync(path, bytes);
  return path;
}

it('decides early what it decides in the end', async () => {
  const path = await shifted();
  const whole = await segcanary(['score', '-d', detector, '-i', path, good]);
  const early = await segcanary(['score', '-d', detector, '-i', path, good, '--early', '--remember-constants']);
  expect(early.code).toBe(0);
  const [ood, id] = jsonLines(whole) as { score: number; verdict: string; patches: number }[];
  const [earlyOod, earlyId] = jsonLines(early);
  expect(earlyId).toEqual(id);
  expect(earlyOod).toMatchObject({
    score: null,
    uncertainty: null,
    verdict: 'out-of-distribution',
    warnings: [{ code: 'not-hounsfield' }],
  });
  const { scoreAtLeast, patches, boundary } = earlyOod as { scoreAtLeast: number; patches: number; boundary: number };
  expect(ood!.verdict).toBe('out-of-distribution');
  expect(scoreAtLeast).toBeGreaterThan(boundary);
  expect(scoreAtLeast).toBeLessThanOrEqual(ood!.score);
  expect(patches).toBeLessThan(ood!.patches);
  // From a pipe the same, and no reader that is gone is complained of.
  const piped = await segcanary(['score', '-d', detector, '-i', '-', '--case', 'shifted', '--early', '--fail-on-ood'], {
    stdin: readFileSync(path),
  });
  expect(piped.code).toBe(10);
  expect(piped.stderr).toBe('');
  expect(jsonLines(piped)[0]).toEqual(earlyOod);
}, 60_000);

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
