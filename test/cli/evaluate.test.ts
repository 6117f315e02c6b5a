import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');

/** Small, so that ten passes with dropout are soon done. */
const MODEL = join(import.meta.dirname, '../fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres');

/** A cohort of eleven scans, truths by the network itself, two of them out of distribution. */
async function cohort(): Promise<string> {
  const folder = mkdtempSync(join(workshop, 'evaluate-'));
  const rows = ['case,image,label,split,group,shift,dataset'];
  const add = async (name: string, seed: number, row: string, modality: 'ct' | 'mr' = 'ct') => {
    await writeScan({ path: join(folder, `${name}_0000.nii.gz`), seed, modality, shape: [20, 44, 44] });
    rows.push(`${name},${name}_0000.nii.gz,${row}`);
  };
  for (let i = 0; i < 4; i++) await add(`t${i}`, i, ',train,id,,w');
  for (let i = 0; i < 2; i++) await add(`v${i}`, 10 + i, ',val,id,,w');
  for (let i = 0; i < 3; i++) await add(`id${i}`, 20 + i, `segmentations/id${i}.nii.gz,test,id,,w`);
  for (const seed of [40, 41]) await add(`mr${seed}`, seed, `segmentations/mr${seed}.nii.gz,test,ood,contrast,w`, 'mr');
  const scans = join(folder, 'segmentations');
  const inputs = [0, 1, 2].map((i) => join(folder, `id${i}_0000.nii.gz`));
  expect((await segcanary(['segment', '-q', '-m', MODEL, '-i', ...inputs, '-o', scans])).code).toBe(0);
  for (const seed of [40, 41]) copyFileSync(join(scans, 'id0.nii.gz'), join(scans, `mr${seed}.nii.gz`));
  writeFileSync(join(folder, 'cohort.csv'), `${rows.join('\n')}\n`);
  return folder;
}

describe('segcanary evaluate', () => {
  it('judges every detector, from one reading of each scan', async () => {
    const folder = await cohort();
    const output = join(folder, 'out');
    const args = [
      'evaluate',
      join(folder, 'cohort.csv'),
      '-m',
      MODEL,
      '--passes',
      'dropout',
      '--aggregate',
      'mean,worst',
      '--resamples',
      '50',
      '-o',
      output,
    ];
    const ran = await segcanary(args);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(readdirSync(output).sort()).toEqual(['cases.csv', 'report.html', 'results.csv', 'results.json']);
    const results = JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
    const names = results.methods.map((m: { name: string }) => m.name);
    for (const name of [
      'mahalanobis',
      'mahalanobis@worst',
      'knn',
      'ihf',
      'max-softmax',
      'temperature-1000',
      'kl-from-uniform',
      'mc-dropout',
      'pairwise-dice-dropout',
    ])
      expect(names).toContain(name);
    expect(names).not.toContain('pairwise-dice-mirrors');
    const [mahalanobis] = results.methods;
    // The same as a detector that is fitted and scored by itself.
    const detector = join(folder, 'detector');
    const train = [0, 1, 2, 3].map((i) => join(folder, `t${i}_0000.nii.gz`));
    expect((await segcanary(['fit', '-q', '-m', MODEL, '-i', ...train, '-o', detector])).code).toBe(0);
    const scored = await segcanary(['score', '-d', detector, '-i', join(folder, 'mr40_0000.nii.gz')]);
    const { score } = JSON.parse(scored.stdout.toString());
    const found = mahalanobis.cases.find((c: { case: string }) => c.case === 'mr40').score;
    expect(Math.abs(found / score - 1)).toBeLessThan(1e-4);
    // The network's own segmentation is its truth here.
    expect(Object.values(results.dice.id2 as Record<string, number>).every((d) => d === 1)).toBe(true);
    expect(Object.values(results.dice.mr40 as Record<string, number>).some((d) => d < 0.9)).toBe(true);
    expect(ran.stdout.toString()).toMatch(/mahalanobis .*\n/);

    // Again from the cache: no scan is read, and the numbers stay.
    const again = await segcanary([...args, '-v']);
    expect(again.stderr.split('\n').filter((line) => /from the cache/.test(line)).length).toBe(11);
    expect(JSON.parse(readFileSync(join(output, 'results.json'), 'utf8')).methods).toEqual(results.methods);
  });

  it('goes on without a scan that fails, and says in one sentence what is wrong with a cohort', async () => {
    const folder = await cohort();
    rmSync(join(folder, 'mr41_0000.nii.gz'));
    const output = join(folder, 'out');
    const ran = await segcanary([
      'evaluate',
      join(folder, 'cohort.csv'),
      '-m',
      MODEL,
      '--resamples',
      '10',
      '-o',
      output,
    ]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/mr41.*no such file/i);
    expect(JSON.parse(readFileSync(join(output, 'results.json'), 'utf8')).failures).toMatchObject([{ case: 'mr41' }]);

    writeFileSync(join(folder, 'bad.csv'), 'case,image\na,b\n');
    const bad = await segcanary(['evaluate', join(folder, 'bad.csv'), '-m', MODEL, '-o', join(folder, 'none')]);
    expect([bad.code, bad.stdout.toString()]).toEqual([1, '']);
    expect(bad.stderr.trim()).toMatch(/^[^\n]*bad.csv: has no column "split"[^\n]*$/);
    expect(readdirSync(folder)).not.toContain('none');
    const missing = await segcanary(['evaluate', join(folder, 'no.csv'), '-m', MODEL, '-o', join(folder, 'none')]);
    expect([missing.code, missing.stdout.toString()]).toEqual([1, '']);
    const unknown = await segcanary([
      'evaluate',
      join(folder, 'cohort.csv'),
      '-m',
      MODEL,
      '--passes',
      'three',
      '-o',
      output,
    ]);
    expect(unknown.code).toBe(2);
  });
});
