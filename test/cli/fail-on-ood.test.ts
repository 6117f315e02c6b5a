import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { CLI, jsonLines, runProcess, segcanary } from '../support/cli.js';
import { writeNoise } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const heldOut = join(workshop, 'held-out', 'held-out_1_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'ood-'));

/** Its reader goes as soon as the first line is here: `segcanary … | head -1`. */
const readingOne = (args: readonly string[]) =>
  runProcess(process.execPath, [CLI, ...args], {
    started: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
  });

it('goes on judging for its exit code when nobody reads its lines any more', async () => {
  const [scans, output] = [fresh(), join(fresh(), 'scores')];
  for (let i = 0; i < 6; i++) copyFileSync(heldOut, join(scans, `a${i}.nii.gz`));
  await writeNoise({ path: join(scans, 'z_noise.nii'), seed: 1 });
  const args = ['score', '-d', detector, '-i', scans, '-o', output];
  const asked = await readingOne([...args, '--fail-on-ood']);
  expect(asked.code).toBe(10);
  expect(asked.stderr).toMatch(/warning: Nobody reads stdout any more/);
  expect(JSON.parse(readFileSync(join(output, 'summary.json'), 'utf8'))).toMatchObject({
    scans: 7,
    outOfDistribution: 1,
  });
  expect(readdirSync(output)).toContain('z_noise.json');
  // Without it a closed stdout is a clean end.
  const piped = await readingOne(['score', '-d', detector, '-i', scans]);
  expect([piped.code, piped.stderr]).toEqual([0, '']);
});

it('says 10 where another scan failed, and tells of that one too', async () => {
  const scans = fresh();
  await writeNoise({ path: join(scans, 'noise.nii'), seed: 2 });
  writeFileSync(join(scans, 'cut.nii.gz'), readFileSync(heldOut).subarray(0, 5000));
  const args = ['score', '-d', detector, '-i', scans];
  const asked = await segcanary([...args, '--fail-on-ood']);
  expect(asked.code).toBe(10);
  expect(jsonLines(asked)).toMatchObject([
    { case: 'cut', error: { code: 'truncated' } },
    { case: 'noise', verdict: 'out-of-distribution' },
  ]);
  expect(asked.stderr).toMatch(/cut\.nii\.gz/);
  expect((await segcanary(args)).code).toBe(3);
  const first = await readingOne([...args, '--fail-on-ood']);
  expect(first.code).toBe(10);
});

it('is refused beside a detector without a boundary, which could never say 10', async () => {
  const uncalibrated = join(fresh(), 'detector');
  cpSync(detector, uncalibrated, { recursive: true });
  const path = join(uncalibrated, 'detector.json');
  const { descriptionSha256: _, ...description } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...description, calibration: null }));
  const args = ['score', '-d', uncalibrated, '-i', heldOut];
  const asked = await segcanary([...args, '--fail-on-ood']);
  expect([asked.code, asked.stdout.length]).toEqual([2, 0]);
  expect(asked.stderr).toMatch(/is not calibrated, so that --fail-on-ood could not tell/);
  expect((await segcanary(args)).code).toBe(0);
});
