import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printed } from '../../src/cli/words.js';
import {
  calibrateDetector,
  evaluateCohort,
  evaluationOf,
  fitDetector,
  fitIntensityDetector,
  isFailure,
  loadDetector,
  openDetector,
  openModel,
  openSegmentationModel,
  readCohort,
  resolveInputs,
  SHIFTS,
  saveOutputDetector,
  scoreCohort,
  scoreScans,
  segmenterOf,
  segmentScans,
  simulateScan,
  writeEvaluation,
} from '../../src/index.js';
import { lineOf } from '../../src/results.js';
import { jsonLines, type Ran, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

/** Small, so that everything is soon done twice. */
const MODEL = join(import.meta.dirname, '../fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres');

/**
 * Everything that the command line does, done by a program with the exported functions: the two
 * have to agree to the last bit.
 */
describe('the library does what the command line does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
  const at = (...names: string[]) => join(folder, ...names);
  const detector = at('by-program');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (args: readonly string[]): Promise<Ran> => {
    const ran = await segcanary(args);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    return ran;
  };
  const all = async <T>(results: AsyncIterable<T>): Promise<T[]> => {
    const found: T[] = [];
    for await (const result of results) found.push(result);
    return found;
  };
  /** As JSON has it. */
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

  beforeAll(async () => {
    const shape = [20, 44, 44] as const;
    for (const [group, seeds] of Object.entries({ train: [0, 1, 2, 3], held: [10, 11], test: [20, 21] })) {
      mkdirSync(at(group));
      for (const seed of seeds) await writeScan({ path: at(group, `${group}${seed}_0000.nii.gz`), seed, shape });
    }
    mkdirSync(at('odd'));
    await writeScan({ path: at('odd', 'mr_0000.nii.gz'), seed: 40, shape, modality: 'mr' });
    writeFileSync(at('odd', 'broken_0000.nii.gz'), readFileSync(at('odd', 'mr_0000.nii.gz')).subarray(0, 900));

    await run(['fit', '-q', '-m', MODEL, '-i', at('train'), '-o', at('by-command')]);
    await run(['calibrate', '-q', '-d', at('by-command'), '-i', at('held')]);
    const inputs = await resolveInputs([at('train')]);
    const scans: string[] = [];
    const fitted = await fitDetector({
      model: await openModel(MODEL, {}),
      inputs,
      output: detector,
      cache: at('by-program.cache'),
      onScan: ({ case: name, cached }) => scans.push(`${name} ${cached}`),
    });
    expect(fitted).toMatchObject({ cases: 4, failures: [] });
    expect(scans).toEqual(['train0 false', 'train1 false', 'train2 false', 'train3 false']);
    const { calibration } = await calibrateDetector({
      detector: await openDetector(await loadDetector(detector)),
      inputs: await resolveInputs([at('held')]),
    });
    expect(calibration.cases.length).toBe(2);
  }, 120_000);

  it('fits and calibrates the same detector, byte for byte', () => {
    expect(readdirSync(detector).sort()).toEqual(readdirSync(at('by-command')).sort());
    for (const file of readdirSync(detector))
      expect(readFileSync(join(detector, file)).equals(readFileSync(at('by-command', file))), file).toBe(true);
  });

  it('scores, and goes on after a scan that is broken', async () => {
    const inputs = [at('test'), at('odd')];
    const scored = await all(
      scoreScans({ detector: await openDetector(await loadDetector(detector)), inputs: await resolveInputs(inputs) }),
    );
    expect(scored.filter(isFailure).map(({ case: name }) => name)).toEqual(['broken']);
    const ran = await segcanary(['score', '-d', detector, '-i', ...inputs]);
    expect(plain(scored.map((r) => (isFailure(r) ? printed(r) : lineOf(r, null))))).toEqual(jsonLines(ran));
  });

  it('stops a scan early', async () => {
    const path = await writeScan({ path: at('long_0000.nii.gz'), seed: 41, shape: [60, 88, 88], modality: 'mr' });
    const opened = await openDetector(await loadDetector(detector), { rememberConstants: true });
    const [found] = await all(scoreScans({ detector: opened, inputs: await resolveInputs([path]), early: true }));
    expect(found).toMatchObject({ score: null, verdict: 'out-of-distribution' });
  });

  it('segments, with a detector and its mask', async () => {
    const model = await openSegmentationModel(MODEL, {});
    const loaded = await loadDetector(detector);
    mkdirSync(at('segmented'));
    const results = await all(
      segmentScans({
        model,
        segmenter: await segmenterOf({ model, detector: loaded, tta: true }),
        detector: await openDetector(loaded),
        inputs: await resolveInputs([at('test')]),
        to: (name) => at('segmented', `${name}.nii.gz`),
        mask: (name) => at('segmented', `${name}_uncertainty.nii.gz`),
        probabilities: (name) => at('segmented', `${name}_probabilities.nii.gz`),
      }),
    );
    const args = ['segment', '-m', MODEL, '-d', detector, '--tta', '--save-probabilities', '-i', at('test')];
    const ran = await run([...args, '-o', at('segmented-by-command')]);
    const lines = results.map((result) => {
      if (isFailure(result)) throw new Error(result.error.message);
      // A line is the score with the segmentation beside it.
      return lineOf(result, null);
    });
    expect(plain(lines)).toEqual(jsonLines(ran).map((line) => ({ ...line, segmentation: null })));
    for (const file of readdirSync(at('segmented')))
      expect(readFileSync(at('segmented', file)).equals(readFileSync(at('segmented-by-command', file))), file).toBe(
        true,
      );
  });

  it.each(['entropy', 'pairwise-dice-mirrors'])('saves %s, a detector on outputs', async (method) => {
    const output = at(method);
    await saveOutputDetector({ model: await openSegmentationModel(MODEL, {}), method, output });
    const inputs = await resolveInputs([at('test')]);
    const scored = await all(scoreScans({ detector: await openDetector(await loadDetector(output)), inputs }));
    expect(plain(scored.map((r) => (isFailure(r) ? r : lineOf(r, null))))).toEqual(
      jsonLines(await run(['score', '-d', output, '-i', at('test')])),
    );
  });

  it('fits ihf, a detector on intensities', async () => {
    const output = at('ihf');
    const inputs = await resolveInputs([at('train')]);
    await fitIntensityDetector({ model: await openModel(MODEL, {}), inputs, output });
    const scored = await all(
      scoreScans({
        detector: await openDetector(await loadDetector(output)),
        inputs: await resolveInputs([at('test')]),
      }),
    );
    expect(plain(scored.map((r) => (isFailure(r) ? r : lineOf(r, null))))).toEqual(
      jsonLines(await run(['score', '-d', output, '-i', at('test')])),
    );
  });

  it('evaluates a cohort, from its cache too', { timeout: 180_000 }, async () => {
    const row = (group: string, seed: number | string, rest: string) =>
      `${group}${seed},${group}/${group}${seed}_0000.nii.gz,${rest}`;
    await run(['segment', '-q', '-m', MODEL, '-i', at('test'), '-o', at('truths')]);
    const rows = [
      'case,image,label,split,group,shift,dataset',
      ...[0, 1, 2, 3].map((seed) => row('train', seed, ',train,id,,w')),
      ...[10, 11].map((seed) => row('held', seed, ',val,id,,w')),
      ...[20, 21].map((seed) => row('test', seed, `truths/test${seed}.nii.gz,test,id,,w`)),
      'mr,odd/mr_0000.nii.gz,truths/test20.nii.gz,test,ood,contrast,w',
    ];
    writeFileSync(at('cohort.csv'), rows.join('\n'));
    const cohort = readCohort(readFileSync(at('cohort.csv'), 'utf8'), at('cohort.csv'));
    const model = await openSegmentationModel(MODEL, {});
    const options = { model, cohort, aggregators: ['mean', 'worst'], cache: at('cohort.cache') };
    const last = new Map<string, string>();
    const scores = await scoreCohort({
      ...options,
      onProgress: ({ case: name, patches, total }) => last.set(name, `${patches}/${total}`),
    });
    expect([scores.failures, scores.unfitted]).toEqual([[], []]);
    // Patches are told of every scan, whether its features alone are wanted or all that the network
    // says.
    expect([...last.keys()]).toEqual(cohort.map((c) => c.case));
    for (const progress of last.values()) expect(progress).toMatch(/^(\d+)\/\1$/);
    const cached: boolean[] = [];
    const again = await scoreCohort({ ...options, onScan: (scan) => cached.push(scan.cached) });
    expect(cached).toEqual(Array(9).fill(true));
    expect(again.methods).toEqual(scores.methods);

    const told: string[] = [];
    const evaluated = await evaluateCohort({
      ...options,
      name: at('cohort.csv'),
      resamples: 50,
      against: 'nobody',
      onOmitted: ({ message }) => told.push(message),
      onPictures: () => told.push('pictures'),
    });
    expect(evaluated.results.methods).toEqual(
      evaluationOf(scores.methods, { tau: 0.6, margin: 0.1, resamples: 50, seed: 0 }).methods,
    );
    expect(told).toEqual([expect.stringMatching(/No detector is named nobody/), 'pictures']);
    await writeEvaluation(at('written'), evaluated);
    const out = at('evaluated');
    const args = ['evaluate', at('cohort.csv'), '-m', MODEL, '--aggregate', 'mean,worst', '--against', 'nobody'];
    await run([...args, '-q', '--resamples', '50', '--cache', at('cohort.cache'), '-o', out]);
    const files = ['cases.csv', 'report.html', 'results.csv', 'results.json'];
    expect([readdirSync(out).sort(), readdirSync(at('written')).sort()]).toEqual([files, files]);
    // The command line adds the commands that make the advised detector.
    const read = (folder: string, file: string) =>
      readFileSync(join(folder, file), 'utf8').replace(/<pre>segcanary fit .*\n.*<\/pre>/, '');
    for (const file of files) expect(read(at('written'), file), file).toBe(read(out, file));

    expect(evaluated.pictured?.name).toMatch(/^[a-z-]+$/);
    expect(evaluated.pictures.length).toBeGreaterThan(0);
    const best = evaluated.evaluation.methods.find(({ name }) => name === 'mahalanobis')!;
    expect(await scores.look(best.name, 'mr')).not.toBeNull();
    expect(await scores.look('max-softmax', 'mr')).toBeNull();
  });

  it('simulates every shift', async () => {
    const [input] = await resolveInputs([at('test', 'test20_0000.nii.gz')]);
    const made = jsonLines(await run(['simulate', '-i', input!.file as string, '--grade', '2', '-o', at('simulated')]));
    expect(made.map(({ shift }) => shift)).toEqual(SHIFTS.map(({ name }) => name));
    for (const shift of SHIFTS) {
      const to = at(`${shift.name}.nii.gz`);
      await simulateScan({ case: 'test20', file: input!.file as string, to, shift, grade: 2, seed: 0 });
      const theirs = at('simulated', `test20_${shift.name}-2.nii.gz`);
      expect(readFileSync(to).equals(readFileSync(theirs)), shift.name).toBe(true);
    }
  });
});
