import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';
import { writeNoise } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const good = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');

/** A longer scan than the others. */
const shifted = () =>
  writeNoise({ path: join(mkdtempSync(join(workshop, 'early-')), 'shifted.nii'), seed: 9, shape: [120, 72, 72] });

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
    pValue: null,
    // Above the largest of five scores.
    pValueAtMost: 1 / 6,
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
