import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
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
  let folder: string;
  let output: string;
  let args: string[];
  let train: string[];
  let ran: Awaited<ReturnType<typeof segcanary>>;
  // biome-ignore lint/suspicious/noExplicitAny: results.json as it is
  let results: any;
  const resultOf = (method: string, name: string): number =>
    results.methods
      .find((m: { name: string }) => m.name === method)
      .cases.find((c: { case: string }) => c.case === name).score;

  beforeAll(async () => {
    folder = await cohort();
    output = join(folder, 'out');
    train = [0, 1, 2, 3].map((i) => join(folder, `t${i}_0000.nii.gz`));
    args = ['evaluate', join(folder, 'cohort.csv'), '-m', MODEL, '--passes', 'dropout', '--tap', 'stages'];
    args.push('--aggregate', 'mean,worst', '--resamples', '50', '-o', output);
    ran = await segcanary(args);
    results = JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
  }, 180_000);

  it('judges every detector, at every tap, from one reading of each scan', async () => {
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(readdirSync(output).sort()).toEqual(['cases.csv', 'report.html', 'results.csv', 'results.json']);
    const names = results.methods.map((m: { name: string }) => m.name);
    const last = `stage-${results.taps.length}`;
    for (const name of [
      'mahalanobis[stage-1]',
      `mahalanobis[${last}]`,
      `knn[${last}]@worst`,
      'multi-layer',
      'ihf',
      'max-softmax',
      'temperature-1000',
      'kl-from-uniform',
      'mc-dropout',
      'pairwise-dice-dropout',
    ])
      expect(names).toContain(name);
    expect(names).not.toContain('pairwise-dice-mirrors');
    expect(new Set(names).size).toBe(names.length);
    // The network's own segmentation is its truth here.
    expect(Object.values(results.dice.id2 as Record<string, number>).every((d) => d === 1)).toBe(true);
    expect(Object.values(results.dice.mr40 as Record<string, number>).some((d) => d < 0.9)).toBe(true);
    expect(ran.stdout.toString()).toMatch(/mahalanobis\[.*\n/);
    expect(results.shifts).toMatchObject([{ shift: 'contrast', n: 2, harmful: true }]);
    expect(results.peakMemory.mr40).toBeGreaterThan(5e7);
  });

  it('scores as detectors that are fitted and run by themselves, at the first tap and at others', async () => {
    for (const at of [0, results.taps.length - 1]) {
      const { name: tap } = results.taps[at];
      const detector = join(folder, `detector-${at}`);
      const own = ['--detector', 'mahalanobis', '--tap', tap];
      const fitted = await segcanary(['fit', '-q', '-m', MODEL, ...own, '-i', ...train, '-o', detector]);
      expect(fitted.code).toBe(0);
      const scored = await segcanary(['score', '-d', detector, '-i', join(folder, 'mr40_0000.nii.gz')]);
      const { score } = JSON.parse(scored.stdout.toString());
      expect(Math.abs(resultOf(`mahalanobis[stage-${at + 1}]`, 'mr40') / score - 1)).toBeLessThan(1e-4);
    }
  });

  it('predicts at the conformal boundary the verdicts of fit, calibrate and score, case by case', async () => {
    const tests = ['id0', 'id1', 'id2', 'mr40', 'mr41'];
    for (const name of ['mahalanobis[stage-1]', 'gap-mahalanobis[stage-2]', 'multi-layer', 'ihf', 'energy']) {
      const { recipe, conformal, cases } = results.methods.find((m: { name: string }) => m.name === name);
      const saved = join(folder, `predicted-${recipe.detector}`);
      const tap = recipe.tap === null ? [] : ['--tap', recipe.tap];
      const cohort = ['--cohort', join(folder, 'cohort.csv')];
      const fit = ['fit', '-q', '-m', MODEL, '--detector', recipe.detector, ...tap, ...cohort, '-o', saved];
      expect((await segcanary(fit)).code, name).toBe(0);
      expect((await segcanary(['calibrate', '-q', '-d', saved, ...cohort])).code, name).toBe(0);
      const inputs = tests.map((test) => join(folder, `${test}_0000.nii.gz`));
      const scored = await segcanary(['score', '-q', '-d', saved, '-i', ...inputs]);
      const verdicts = scored.stdout
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ case: test, verdict }) => [test, verdict]);
      const predicted = tests.map((test) => {
        const { score } = cases.find((c: { case: string }) => c.case === test);
        return [test, score > conformal.boundary ? 'out-of-distribution' : 'in-distribution'];
      });
      expect(verdicts, name).toEqual(predicted);
    }
  });

  it.each(['mc-dropout', 'kl-from-uniform', 'ihf'])('%s is a detector like any other', async (name) => {
    const scan = join(folder, 'mr40_0000.nii.gz');
    const saved = join(folder, name);
    const out = join(folder, `${name}-out`);
    const inputs = name === 'mc-dropout' ? [] : ['-i', ...train];
    const fitted = await segcanary(['fit', '-m', MODEL, '--detector', name, ...inputs, '-o', saved]);
    expect([fitted.code, fitted.stderr]).toEqual([0, '']);
    const piped = await segcanary(['score', '-d', saved, '-i', '-'], { stdin: readFileSync(scan) });
    const alone = JSON.parse(piped.stdout.toString());
    // The evaluation keeps histograms in float32.
    const score = expect.closeTo(resultOf(name, 'mr40'), 4);
    expect(alone).toMatchObject({ score, worstPatch: null, verdict: 'uncalibrated' });
    const beside = await segcanary(['segment', '-m', MODEL, '-d', saved, '-i', scan, '-o', out]);
    expect(JSON.parse(beside.stdout.toString()).score).toBe(alone.score);
    expect(readdirSync(out).sort()).toEqual(['mr40.json', 'mr40.nii.gz', 'scores.csv', 'summary.json']);
    expect((await segcanary(['inspect', saved])).stdout.toString()).toContain(name);
  });

  it('a detector on outputs or intensities gives no mask, and a boundary that training scans cannot draw', async () => {
    const saved = join(folder, 'energy');
    expect((await segcanary(['fit', '-m', MODEL, '--detector', 'energy', '-i', ...train, '-o', saved])).code).toBe(0);
    const scan = join(folder, 'v0_0000.nii.gz');
    const mask = await segcanary(['score', '-d', saved, '-i', scan, '--mask', join(folder, 'm.nii.gz')]);
    expect(mask.stderr).toMatch(/energy judges a scan as a whole, so --mask is not for it/);
    expect(mask.code).toBe(1);
    const seen = await segcanary(['calibrate', '-d', saved, '-i', train[0]]);
    expect(seen.stderr).toMatch(/was fitted to this scan/);
    expect((await segcanary(['calibrate', '-d', saved, '-i', scan])).code).toBe(0);
    const scored = await segcanary(['score', '-d', saved, '-i', scan]);
    // Energies are negative here: then there is no normalised uncertainty.
    expect(JSON.parse(scored.stdout.toString())).toMatchObject({ verdict: 'in-distribution', uncertainty: null });
    for (const [detector, sentence] of [
      ['pairwise-dice-folds', /compares the networks of several folds/],
      ['mahalanobis', /is fitted to training scans; name them with -i/],
    ] as const) {
      const refused = await segcanary(['fit', '-m', MODEL, '--detector', detector, '-o', join(folder, 'none')]);
      expect(refused.code).toBeGreaterThan(0);
      expect(refused.stderr.trim()).toMatch(sentence);
    }
    expect(readdirSync(folder)).not.toContain('none');
  });

  it('reads no scan again that its cache has', { timeout: 180_000 }, async () => {
    const again = await segcanary([...args, '-v']);
    expect(again.stderr.split('\n').filter((line) => /from the cache/.test(line)).length).toBe(11);
    expect(JSON.parse(readFileSync(join(output, 'results.json'), 'utf8')).methods).toEqual(results.methods);
  });

  it('goes on without a scan that fails, and says in one sentence what is wrong with a cohort', async () => {
    rmSync(join(folder, 'mr41_0000.nii.gz'));
    const output = join(folder, 'without');
    const few = readFileSync(join(folder, 'cohort.csv'), 'utf8').replace(/^t3,.*\n/m, '');
    writeFileSync(join(folder, 'few.csv'), few);
    const ran = await segcanary(['evaluate', join(folder, 'few.csv'), '-m', MODEL, '--resamples', '10', '-o', output]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/mr41.*no such file/i);
    const found = JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
    expect(found.failures).toMatchObject([{ case: 'mr41' }]);
    // Three histograms have no principal subspace.
    expect(found.unfitted).toMatchObject([{ method: 'ihf', error: { code: 'fit-failed' } }]);
    expect(ran.stderr).toMatch(/warning: ihf is left out: .*give more scans/);

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
