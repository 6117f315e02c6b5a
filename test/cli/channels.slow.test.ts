import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';
import { type Turn, writeTurned } from '../support/turned.js';

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
  const [gap, output] = [fresh(), join(scans, 'gap')];
  for (const c of [0, 2]) copyFileSync(lonely, join(gap, `k_000${c}.nii.gz`));
  const short = await segcanary(['segment', '-m', MODEL, '-i', gap, '-o', output]);
  expect([short.code, jsonLines(short)[0]]).toMatchObject([
    1,
    {
      case: 'k',
      error: { message: expect.stringMatching(/k_0000\.nii\.gz: the case k has no channel 0001 and a later/) },
    },
  ]);
  const piped = await segcanary(['segment', '-m', MODEL, '-i', '-', '-o', '-'], { stdin: new Uint8Array(4) });
  expect(piped.stderr).toMatch(/stdin: the case stdin has 1 channel/);
});

it('turns each channel by its own affine where the plan’s reader turns scans', async () => {
  const [model, scans, output] = [fresh(), fresh(), fresh()];
  cpSync(MODEL, model, { recursive: true });
  const plans = JSON.parse(readFileSync(join(model, 'plans.json'), 'utf8'));
  writeFileSync(join(model, 'plans.json'), JSON.stringify({ ...plans, image_reader_writer: 'NibabelIOWithReorient' }));
  for (const [c, first] of [30, 60].entries())
    for (let i = 0; i < 3; i++) await writeScan({ path: join(scans, `case_${i}_000${c}.nii.gz`), seed: first + i });
  const detector = join(output, 'detector');
  const fit = await segcanary(['fit', '-m', model, '-i', scans, '-o', detector]);
  expect(fit.code, fit.stderr).toBe(0);

  const pair = [0, 1].map((c) => join(scans, `case_1_000${c}.nii.gz`)) as [string, string];
  const scoreOf = async (files: readonly string[], ...more: string[]) =>
    segcanary(['score', '-d', detector, '-i', ...files, ...more]);
  const [upright] = jsonLines(await scoreOf(pair));
  expect(upright).toMatchObject({ warnings: [] });

  const folder = fresh();
  const first = join(folder, 'case_1_0000.nii.gz');
  copyFileSync(pair[0], first);
  const turns: Turn[] = [
    { axes: [0, 1, 2], flips: [true, true, false] },
    { axes: [2, 0, 1], flips: [false, true, true] },
  ];
  for (const turn of turns) {
    const second = await writeTurned(pair[1], join(folder, 'case_1_0001.nii.gz'), turn);
    const [turned] = jsonLines(await scoreOf([first, second]));
    expect(turned).toEqual(upright);
    const swapped = fresh();
    const others = [join(swapped, 'case_1_0000.nii.gz'), join(swapped, 'case_1_0001.nii.gz')] as const;
    await writeTurned(pair[0], others[0], turn);
    copyFileSync(pair[1], others[1]);
    expect(jsonLines(await scoreOf(others))[0]!.score).toBeCloseTo(upright!.score as number, 6);
    // Fitting tells it from no other scan, and segmenting gives the same labels.
    const [byBoth, byTurned] = [fresh(), fresh()];
    for (const [files, to] of [
      [pair, byBoth],
      [[first, second], byTurned],
    ] as const) {
      const segmented = await segcanary(['segment', '-m', model, '-d', detector, '-i', ...files, '-o', to]);
      expect(segmented.code, segmented.stderr).toBe(0);
      expect(jsonLines(segmented)[0]).toMatchObject({ score: expect.closeTo(upright!.score as number, 4) });
    }
    expect(readFileSync(join(byTurned, 'case_1.nii.gz'))).toEqual(readFileSync(join(byBoth, 'case_1.nii.gz')));
    const calibrated = await segcanary(['calibrate', '-d', detector, '-i', first, second]);
    expect(calibrated.code, calibrated.stdout.toString()).toBe(2);
    expect(calibrated.stderr).toContain('the detector was fitted to this scan');
    const server = await TestServer.start(['-d', `pair=${detector}`]);
    const served = await segcanary(['score', '--server', server.url, '-i', first, second]);
    await server.stop();
    expect(jsonLines(served)).toEqual([upright]);
    const streamed = await scoreOf([first, second], '--no-spool');
    expect(jsonLines(streamed)).toMatchObject([
      { case: 'case_1', error: { code: 'scan-unsuitable', message: expect.stringContaining('without --no-spool') } },
    ]);
  }
});

it('refuses channels of another voxel size, and warns of those that lie elsewhere', async () => {
  const [scans, moved] = [fresh(), fresh()];
  for (const c of [0, 1]) await writeScan({ path: join(scans, `case_000${c}.nii`), seed: c });
  const output = join(moved, 'detector');
  for (let i = 0; i < 3; i++)
    for (const c of [0, 1]) await writeScan({ path: join(moved, `train_${i}_000${c}.nii`), seed: 10 * i + c });
  expect((await segcanary(['fit', '-m', MODEL, '-i', moved, '-o', output])).code).toBe(0);
  const pair = [0, 1].map((c) => join(scans, `case_000${c}.nii`)) as [string, string];
  const change = (at: number, by: (value: number) => number) => {
    const bytes = readFileSync(pair[1]);
    bytes.writeFloatLE(by(bytes.readFloatLE(at)), at);
    writeFileSync(pair[1], bytes);
  };
  // srow_x[3] and qoffset_x: half a millimetre to the left.
  for (const at of [292, 268]) change(at, (mm) => mm + 0.5);
  const there = jsonLines(await segcanary(['score', '-d', output, '-i', ...pair]));
  expect(there).toMatchObject([{ case: 'case', warnings: [{ code: 'channel-origin' }] }]);
  // pixdim[3] and srow_z[2].
  for (const at of [88, 320]) change(at, (mm) => mm * 1.01);
  const larger = await segcanary(['score', '-d', output, '-i', ...pair]);
  expect(larger.code).toBe(1);
  expect(jsonLines(larger)).toMatchObject([
    {
      error: {
        code: 'scan-unsuitable',
        message: expect.stringContaining('channel 1 has voxels of 5.05, 2.85, 2.85 mm'),
      },
    },
  ]);
});
