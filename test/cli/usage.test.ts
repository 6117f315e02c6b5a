import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_0_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'usage-'));

describe('the command line', () => {
  it('lists its commands on stdout, and takes a reader that leaves early', async () => {
    const help = await segcanary(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const command of ['taps', 'fit', 'calibrate', 'score', 'segment', 'inspect'])
      expect(help.stdout.toString()).toContain(command);
    const early = await segcanary(['--help'], { started: (child) => child.stdout?.destroy() });
    expect([early.code, early.stderr]).toEqual([0, '']);
  });

  it('exits with 2 for what no scan can mend, before anything is written', async () => {
    const folder = fresh();
    const cases: [string[], RegExp][] = [
      [[], /Usage/],
      [['scor'], /scor/],
      [['fit', '-m', MODEL, '-i', '-', '-o', join(folder, 'd')], /give paths instead of -/],
      [['fit', '-m', MODEL, '-i', scan, '-o', join(folder, 'd'), '--estimator', 'mean'], /ledoit-wolf/],
      [['fit', '-m', MODEL, '-i', scan, '-o', join(folder, 'd'), '--step-size', '2'], /at most 1/],
      [['score', '-d', detector, '-i', scan, '--mask', join(folder, 'mask.png')], /\.nii/],
      [['score', '-d', detector, '-i', scan, '--case', 'summary', '-o', join(folder, 'o')], /summary/],
      [['score', '-d', detector, '-i', scan, '--case', '../escape', '-o', join(folder, 'o')], /slashes/],
      [['score', '-d', detector, '-i', scan, scan], /would both be the case/],
      [['score', '-d', detector, '-i', folder], /holds no scans/],
    ];
    for (const [args, message] of cases) {
      const ran = await segcanary(args);
      expect([ran.code, args], ran.stderr).toEqual([2, args]);
      expect(ran.stderr).toMatch(message);
      expect(ran.stderr).not.toMatch(/\n\s+at /);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('scores the others when one path is missing or one case has several channels', async () => {
    const folder = fresh();
    for (const name of ['a_0000', 'a_0001', 'b_0000']) await writeScan({ path: join(folder, `${name}.nii`), seed: 80 });
    const ran = await segcanary(['score', '-d', detector, '-i', join(workshop, 'gone.nii.gz'), folder]);
    expect(ran.code).toBe(3);
    expect(jsonLines(ran)).toMatchObject([
      { case: 'gone', error: { code: 'io' } },
      { case: 'a', error: { code: 'scan-unsuitable', message: expect.stringContaining('2 channels') } },
      { case: 'b', verdict: expect.any(String) },
    ]);
  });

  it('takes the configuration that a folder is named after, also when the ONNX file in it is named', async () => {
    const folder = fresh();
    const lowres = join(folder, 'nnUNetTrainer__nnUNetPlans__3d_lowres');
    const fullres = join(folder, 'nnUNetTrainer__nnUNetPlans__3d_fullres');
    for (const to of [lowres, fullres, join(folder, 'my__model')]) {
      mkdirSync(to);
      cpSync(MODEL, to, { recursive: true });
    }
    for (const path of [lowres, join(lowres, 'model.onnx')]) {
      const ran = await segcanary(['taps', path]);
      expect([ran.code, path]).toEqual([1, path]);
      expect(ran.stderr).toMatch(/3d_lowres/);
    }
    for (const path of [fullres, join(fullres, 'model.onnx'), join(folder, 'my__model')]) {
      expect((await segcanary(['taps', path])).code).toBe(0);
    }
  });

  it('names the file when a model cannot be read', async () => {
    const missing = await segcanary(['taps', join(workshop, 'no-model.onnx')]);
    expect(missing.stderr).toMatch(/cannot read .*no-model\.onnx: there is no such file/);
    const plain = await segcanary([
      'fit',
      '-m',
      MODEL,
      '-p',
      join(workshop, 'no-plans.json'),
      '-i',
      scan,
      '-o',
      join(workshop, 'never'),
    ]);
    expect([plain.code, existsSync(join(workshop, 'never'))]).toEqual([1, false]);
    expect(plain.stderr).toMatch(/no-plans\.json/);
  });
});
