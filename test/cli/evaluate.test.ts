import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { segcanary } from '../support/cli.js';
import { writeNoise, writeScan } from '../support/scans.js';

// What each detector, tap and pass gives, cache and failures: evaluate.slow.test.ts.

/** Small, so that every detector is soon judged. */
const MODEL = join(import.meta.dirname, '../fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres');
const shape = [20, 44, 44] as const;

it('evaluate judges every detector over a cohort and leaves tables, report and results', async () => {
  const folder = mkdtempSync(join(inject('workshop'), 'cohort-'));
  const at = (name: string) => join(folder, name);
  const rows = ['case,image,split,group'];
  for (const [i, row] of ['train,id', 'train,id', 'train,id', 'train,id', 'val,id', 'test,id'].entries()) {
    await writeScan({ path: at(`scan${i}.nii.gz`), seed: i, shape });
    rows.push(`scan${i},scan${i}.nii.gz,${row}`);
  }
  await writeNoise({ path: at('noise.nii'), seed: 9, shape });
  rows.push('noise,noise.nii,test,ood');
  writeFileSync(at('cohort.csv'), `${rows.join('\n')}\n`);
  const ran = await segcanary(['evaluate', at('cohort.csv'), '-q', '-m', MODEL, '--resamples', '10', '-o', at('out')]);
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  expect(readdirSync(at('out')).sort()).toEqual(['cases.csv', 'report.html', 'results.csv', 'results.json']);
  const { methods, failures } = JSON.parse(readFileSync(at('out/results.json'), 'utf8'));
  expect(failures).toEqual([]);
  const names = methods.map(({ name }: { name: string }) => name);
  for (const name of ['mahalanobis', 'knn', 'multi-layer', 'ihf', 'max-softmax', 'energy'])
    expect(names.some((found: string) => found.startsWith(name))).toBe(true);
  // Noise is told from the one test scan.
  const { auroc, cases } = methods.find(({ name }: { name: string }) => name.startsWith('mahalanobis'));
  expect(auroc).toBe(1);
  expect(cases.map((found: { case: string }) => found.case).sort()).toEqual(['noise', 'scan4', 'scan5']);
  expect(ran.stdout.toString()).toMatch(/^mahalanobis/m);

  // The commands at the end make a detector whose verdicts are the ones that were predicted.
  const { advice } = JSON.parse(readFileSync(at('out/results.json'), 'utf8'));
  const advised = methods.find(({ name }: { name: string }) => name === advice.method);
  const commands = ran.stdout.toString().trim().split('\n').slice(-2);
  expect(commands.map((command) => command.split(' ').slice(0, 2))).toEqual([
    ['segcanary', 'fit'],
    ['segcanary', 'calibrate'],
  ]);
  for (const command of commands) {
    const args = command.split(' ').slice(1);
    const made = await segcanary([...args.map((arg) => (arg === 'detector' ? at('detector') : arg)), '-q']);
    expect([made.code, made.stderr]).toEqual([0, '']);
  }
  const scans = ['scan5.nii.gz', 'noise.nii'].map(at);
  const scored = await segcanary(['score', '-d', at('detector'), '-i', ...scans]);
  const verdicts = scored.stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const { case: name, score, verdict } of verdicts) {
    const predicted = advised.cases.find((c: { case: string }) => c.case === name).score;
    expect(Math.abs(predicted / score - 1)).toBeLessThan(1e-4);
    expect(verdict).toBe(predicted > advised.conformal.boundary ? 'out-of-distribution' : 'in-distribution');
  }
  expect(verdicts.map(({ verdict }) => verdict)).toContain('out-of-distribution');
  const both = ['calibrate', '-d', at('detector'), '-i', at('scan4.nii.gz'), '--cohort', at('cohort.csv')];
  expect(await segcanary(both)).toMatchObject({ code: 2, stderr: expect.stringMatching(/by -i or by --cohort/) });

  // Under a plan file there are no outputs to read and no Dice.
  const plan = {
    name: 'own',
    patch_size: [16, 32, 32],
    spacing: [3, 1, 1],
    channel_names: { 0: 'CT' },
    normalization_schemes: ['ZScoreNormalization'],
    resampling: { order: 1, force_separate_z: false },
  };
  writeFileSync(at('plan.json'), JSON.stringify(plan));
  // Where no dataset.json lies beside it.
  mkdirSync(at('alone'));
  const model = at('alone/model.onnx');
  copyFileSync(join(MODEL, 'fold_0/model.onnx'), model);
  const alone = ['evaluate', at('cohort.csv'), '-m', model, '-p', at('plan.json'), '--aggregate', 'mean,foreground'];
  const features = await segcanary([...alone, '--resamples', '10', '-o', at('features')]);
  expect([features.code, features.stderr]).toEqual([0, expect.stringMatching(/features and intensities alone/)]);
  const found = JSON.parse(readFileSync(at('features/results.json'), 'utf8'));
  const featureRows = found.methods.map(({ name }: { name: string }) => name);
  expect(featureRows).toContain('mahalanobis');
  expect(featureRows.filter((name: string) => /energy|softmax|@/.test(name))).toEqual([]);
  expect(features.stdout.toString()).not.toMatch(/Dice|silent/);
  expect(features.stdout.toString()).toContain(`-p ${at('plan.json')}`);
  expect(found.featuresOnly).toBe(true);
  expect(await segcanary([...alone, '--passes', 'mirrors', '-o', at('features')])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/the plan: does not say what the outputs mean/),
  });

  // One scan in two splits says nothing about fresh ones.
  copyFileSync(at('scan0.nii.gz'), at('copy.nii.gz'));
  writeFileSync(at('twice.csv'), [...rows, 'copy,copy.nii.gz,test,id'].join('\n'));
  const twice = await segcanary(['evaluate', at('twice.csv'), '-m', MODEL, '-o', at('twice')]);
  expect(twice).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/copy: is the same scan as scan0, once as train,id and once as test,id/),
  });
});

it('evaluate says in one sentence what is wrong with a cohort', async () => {
  const folder = mkdtempSync(join(inject('workshop'), 'cohort-'));
  writeFileSync(join(folder, 'bad.csv'), 'case,image\na,b\n');
  const bad = await segcanary(['evaluate', join(folder, 'bad.csv'), '-m', MODEL, '-o', join(folder, 'none')]);
  expect([bad.code, bad.stdout.toString()]).toEqual([1, '']);
  expect(bad.stderr.trim()).toMatch(/^[^\n]*bad.csv: has no column "split"[^\n]*$/);
  expect(readdirSync(folder)).toEqual(['bad.csv']);
});
