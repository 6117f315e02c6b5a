import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { runChildren } from '../../campaigns/fuzz/children.js';
import { readFolder } from '../../campaigns/fuzz/detector.js';
import { runCases } from '../../campaigns/fuzz/run.js';
import { targetsFor } from '../../campaigns/fuzz/targets.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');

/** A seeded part of `npm run fuzz`. */
describe('what is damaged or hostile ends in a right answer or in one sentence', () => {
  it.each(targetsFor(detector).map((target) => [target.name, target] as const))('%s', async (_, target) => {
    const { cases, right, refused, findings } = await runCases(target, {
      seed: 7,
      from: 0,
      to: Math.ceil(2500 * target.share),
    });
    expect(findings).toEqual([]);
    // Both happen, or nothing was tried.
    expect(right).toBeGreaterThan(0);
    expect(Object.values(refused).reduce((sum, n) => sum + n, right)).toBe(cases);
    expect(cases).toBeGreaterThan(right);
  });

  it('the command line, a process each', async () => {
    const scan = readFileSync(join(workshop, 'held-out', 'held-out_0_0000.nii.gz'));
    const { findings } = await runChildren({ seed: 7, from: 0, to: 8 }, { detector: readFolder(detector), scan });
    expect(findings).toEqual([]);
  });
});
