import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';
import { writeNoise } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const heldOut = (i: number) => join(workshop, 'held-out', `held-out_${i}_0000.nii.gz`);

describe('segcanary score --fdr', () => {
  it('says of every scan whether it is flagged, and of the batch what that promises', async () => {
    const folder = mkdtempSync(join(workshop, 'fdr-'));
    const noise = [];
    for (const seed of [1, 2]) noise.push(await writeNoise({ path: join(folder, `noise_${seed}.nii`), seed }));
    const output = join(folder, 'out');
    // The p-values are 1/6, 1/6 and more: below .3 * 2/3, not below .3 * 1/3.
    const args = ['score', '-d', detector, '-i', ...noise, heldOut(1), join(folder, 'gone.nii'), '-o', output];
    const ran = await segcanary([...args, '--fdr', '0.3']);
    expect(ran.code).toBe(3);
    const lines = jsonLines(ran);
    expect(lines.map((line) => [line.case, line.flaggedAtFdr])).toEqual([
      ['noise_1', true],
      ['noise_2', true],
      ['held-out_1', false],
      ['gone', undefined],
    ]);
    expect(lines[3]).toHaveProperty('error.code', 'io');
    expect(ran.stderr).toMatch(/nothing is flagged .* unless 3 of the 4 scans/);
    expect(ran.stderr).toMatch(/2 of 3 scans are flagged: noise_1, noise_2; at most 30 %/);
    const summary = JSON.parse(readFileSync(join(output, 'summary.json'), 'utf8'));
    expect(summary.falseDiscoveries).toEqual({ rate: 0.3, scans: 3, flagged: ['noise_1', 'noise_2'] });
  });

  it('decides for --fail-on-ood, of a single scan on stdin too', async () => {
    const folder = mkdtempSync(join(workshop, 'fdr-'));
    const stdin = readFileSync(await writeNoise({ path: join(folder, 'noise.nii'), seed: 3 }));
    const flagging = (rate: string) =>
      segcanary(['score', '-d', detector, '-i', '-', '--fdr', rate, '--fail-on-ood'], { stdin });
    expect((await flagging('0.2')).code).toBe(10);
    // Out of distribution all the same: five calibration scans give no p-value below 1/6.
    const none = await flagging('0.1');
    expect(none.code).toBe(0);
    expect(none.stderr).toMatch(/no scan of this batch can be flagged/);
    expect(jsonLines(none)).toMatchObject([{ verdict: 'out-of-distribution', flaggedAtFdr: false }]);
  });

  it('is refused beside --early', async () => {
    const ran = await segcanary(['score', '-d', detector, '-i', heldOut(0), '--fdr', '0.1', '--early']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/--fdr needs whole scores/);
  });
});
