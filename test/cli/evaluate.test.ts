import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
});

it('evaluate says in one sentence what is wrong with a cohort', async () => {
  const folder = mkdtempSync(join(inject('workshop'), 'cohort-'));
  writeFileSync(join(folder, 'bad.csv'), 'case,image\na,b\n');
  const bad = await segcanary(['evaluate', join(folder, 'bad.csv'), '-m', MODEL, '-o', join(folder, 'none')]);
  expect([bad.code, bad.stdout.toString()]).toEqual([1, '']);
  expect(bad.stderr.trim()).toMatch(/^[^\n]*bad.csv: has no column "split"[^\n]*$/);
  expect(readdirSync(folder)).toEqual(['bad.csv']);
});
