import { copyFileSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');
const fresh = () => mkdtempSync(join(workshop, 'channels-'));
/** A network of nnU-Net's that takes a CT and a map: test/oracle/segment.py. */
const MODEL = join(import.meta.dirname, '../fixtures/segment/two-channels/nnUNetTrainer__nnUNetPlans__3d_fullres');

it('takes cases of two channels from fitting to segmenting, a file a channel', async () => {
  const [scans, output] = [fresh(), fresh()];
  for (const [c, first] of [30, 60].entries())
    for (let i = 0; i < 3; i++) await writeScan({ path: join(scans, `case_${i}_000${c}.nii.gz`), seed: first + i });
  const detector = join(output, 'detector');
  const fit = await segcanary(['fit', '-m', MODEL, '-i', scans, '-o', detector]);
  expect(fit.code, fit.stderr).toBe(0);
  expect(fit.stdout.toString()).toMatch(/scans +3/);

  const pair = [0, 1].map((c) => join(scans, `case_1_000${c}.nii.gz`));
  const byFolder = jsonLines(await segcanary(['score', '-d', detector, '-i', scans]));
  const byFile = jsonLines(await segcanary(['score', '-d', detector, '-i', ...pair]));
  expect(byFolder.map((r) => r.case)).toEqual(['case_0', 'case_1', 'case_2']);
  expect(byFile).toEqual([byFolder[1]]);

  // The channels are told apart: in the other order it is another scan.
  const turned = fresh();
  copyFileSync(pair[0], join(turned, 'case_1_0001.nii.gz'));
  copyFileSync(pair[1], join(turned, 'case_1_0000.nii.gz'));
  const [other] = jsonLines(await segcanary(['score', '-d', detector, '-i', turned]));
  expect(other!.score).not.toBeCloseTo(byFile[0].score as number, 3);

  const segmentations = join(output, 'segmentations');
  const segmented = await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', ...pair, '-o', segmentations]);
  expect(segmented.code, segmented.stderr).toBe(0);
  expect(Math.abs((jsonLines(segmented)[0].score as number) / (byFile[0].score as number) - 1)).toBeLessThan(1e-5);
  expect(readdirSync(segmentations)).toContain('case_1.nii.gz');
});

it('says which channels are missing or too many', async () => {
  const scans = fresh();
  const detector = join(scans, 'detector');
  const lonely = await writeScan({ path: join(scans, 'lonely.nii.gz'), seed: 1 });
  const ran = await segcanary(['fit', '-m', MODEL, '-i', lonely, '-o', detector]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(
    'the case lonely has 1 channel and the model takes 2 (CT, No); pass its channels as lonely_0000, lonely_0001, …, or their folder.',
  );
  for (const c of [0, 1]) copyFileSync(lonely, join(scans, `case_000${c}.nii.gz`));
  const pair = [0, 1].map((c) => join(scans, `case_000${c}.nii.gz`));
  const many = await segcanary(['score', '-d', join(workshop, 'detector'), '-i', ...pair]);
  expect(jsonLines(many)).toMatchObject([{ case: 'case', error: { code: 'scan-unsuitable' } }]);
  const piped = await segcanary(['segment', '-m', MODEL, '-i', '-', '-o', '-'], { stdin: new Uint8Array(4) });
  expect(piped.stderr).toMatch(/stdin: the case stdin has 1 channel/);
});
