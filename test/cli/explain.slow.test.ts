import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Explanation, SubjectScore } from '../../src/results.js';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { unsealDetector } from '../support/edited-detector.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const train = join(workshop, 'train');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');
const cache = ['--cache', join(workshop, 'detector.cache')];

interface Explained extends SubjectScore {
  readonly explanation: Explanation;
}

let folder: string;
/** The rescale intercept of the scan is wrong by 100 and by 1024 HU. */
let shifted: readonly [string, string];
beforeAll(async () => {
  folder = mkdtempSync(join(workshop, 'explain-'));
  const args = ['--shift', 'rescale-intercept', '--grade', '1', '3', '-o', folder];
  expect((await segcanary(['simulate', '-i', scan, ...args])).code).toBe(0);
  shifted = [1, 3].map((grade) => join(folder, `held-out_2_rescale-intercept-${grade}.nii.gz`)) as [string, string];
});

async function explained(args: readonly string[], stdin?: Uint8Array): Promise<Explained[]> {
  const ran = await segcanary(['score', '--explain', ...args], stdin ? { stdin } : {});
  expect(ran.code, ran.stderr).toBe(0);
  return jsonLines(ran) as unknown as Explained[];
}

describe('segcanary score --explain', () => {
  it('shows a wrong rescale intercept in the histogram, in Hounsfield units', async () => {
    const [home, mild, gross] = await explained(['-d', detector, '-i', scan, ...shifted]);
    const { max } = home!.explanation.intensities[0].trainingDistances!;
    const far = [home!, mild!, gross!].map(({ explanation }) => explanation.intensities[0].distance!);
    expect(far[0]).toBeLessThan(2 * max);
    expect(far[1]).toBeGreaterThan(5 * max);
    expect(Math.abs(far[1] - 100)).toBeLessThan(25);
    expect(Math.abs(far[2] - 1024)).toBeLessThan(25);
    expect(gross!.verdict).toBe('out-of-distribution');
    // Air, a fifth of the scan, is where no training scan has anything, and the bin of air is
    // empty.
    const { edges, training, scan: shares } = gross!.explanation.intensities[0];
    const at = (hu: number) => edges.findIndex((edge, i) => edge <= hu && hu < edges[i + 1]);
    expect([training![at(-1000)] > 0.1, shares[at(-1000)], shares[at(24)] > 0.1]).toEqual([true, 0, true]);
  });

  it('explains from a pipe, without a spool and in the folder of results, where the summary leaves it out', async () => {
    const [file] = await explained(['-d', detector, '-i', shifted[1]]);
    const name = ['--case', file!.case];
    expect((await explained(['-d', detector, '-i', '-', ...name], readFileSync(shifted[1])))[0]).toEqual(file);
    // Nothing is cropped away here, so the histogram is the same.
    const [straight] = await explained(['-d', detector, '-i', shifted[1], '--no-spool']);
    expect(straight!.explanation.intensities).toEqual(file!.explanation.intensities);
    const out = join(folder, 'out');
    expect(await explained(['-d', detector, '-i', shifted[1], '-o', out])).toEqual([file]);
    const { quality: __, ...written } = file as Explained & { readonly quality: null };
    expect(JSON.parse(readFileSync(join(out, `${file!.case}.json`), 'utf8'))).toEqual(written);
    const { explanation: _, ...rest } = written;
    expect(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')).results).toEqual([rest]);
  });

  it('names the stages of a detector that judges each, whose z sum to the score', async () => {
    const stages = join(folder, 'multi-layer');
    expect((await segcanary(['fit', '-m', MODEL, '-i', train, '-o', stages, '--detector', 'multi-layer'])).code).toBe(
      0,
    );
    const [home, mild, gross] = await explained(['-d', stages, '-i', scan, ...shifted]);
    for (const { score, explanation } of [home!, mild!, gross!]) {
      const groups = explanation.groups!;
      expect(groups.map(({ name }) => name)).toEqual(groups.map((_, i) => `stage-${i + 1}`));
      expect(groups.length).toBeGreaterThan(3);
      const sum = groups.reduce((all, { z }) => all + z, 0);
      expect(Math.abs(sum - score)).toBeLessThan(1e-9 * groups.reduce((all, { z }) => all + Math.abs(z), 0));
      expect(explanation.notes).toEqual([]);
    }
    // Behind the first stages, instance norms take most of such a shift away.
    const ratio = ({ explanation }: Explained) => explanation.groups![0].ratio;
    expect(ratio(gross!)).toBeGreaterThan(10 * ratio(home!));
  });

  it('says what a detector lacks that was fitted before, and what none has that judges scans as a whole', async () => {
    const [paper, old] = [join(folder, 'paper'), join(folder, 'old')];
    await segcanary(['fit', '-m', MODEL, '-i', train, '-o', paper, '--detector', 'mahalanobis']);
    cpSync(paper, old, { recursive: true });
    await unsealDetector(old, (json) => {
      const { trainingIntensities, channelGroups } = json as Readonly<Record<string, readonly unknown[]>>;
      expect([trainingIntensities!.length, channelGroups!.length]).toEqual([1, 8]);
      delete json.trainingIntensities;
      delete json.channelGroups;
    });
    const [now] = await explained(['-d', paper, '-i', scan]);
    const [before] = await explained(['-d', old, '-i', scan]);
    expect(before!.explanation.patches).toEqual(now!.explanation.patches);
    expect(before!.explanation.groups).toBeNull();
    expect(before!.explanation.intensities).toEqual([
      { ...now!.explanation.intensities[0], training: null, distance: null, trainingDistances: null },
    ]);
    expect(before!.explanation.notes.map(({ code }) => code)).toEqual([
      'no-training-groups',
      'no-training-intensities',
    ]);

    const [ihf, softmax] = [join(folder, 'ihf'), join(folder, 'softmax')];
    await segcanary(['fit', '-m', MODEL, '-i', train, '-o', ihf, '--detector', 'ihf']);
    await segcanary(['fit', '-m', MODEL, '-i', train, '-o', softmax, '--detector', 'max-softmax']);
    const [whole] = await explained(['-d', ihf, '-i', shifted[1]]);
    expect(whole!.explanation).toMatchObject({ patches: null, groups: null, notes: [{ code: 'no-patches' }] });
    expect(Math.abs(whole!.explanation.intensities[0].distance! - 1024)).toBeLessThan(25);
    const [outputs] = await explained(['-d', softmax, '-i', scan]);
    expect(outputs!.explanation).toMatchObject({
      patches: null,
      groups: null,
      intensities: [{ training: null, scan: now!.explanation.intensities[0].scan }],
      notes: [{ code: 'no-patches' }, { code: 'no-training-intensities' }],
    });
  });
});

describe('segcanary segment --explain', () => {
  it('explains the verdict of the same pass as score does', async () => {
    const out = join(folder, 'segmented');
    const ran = await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', scan, '-o', out, '--explain']);
    expect(ran.code, ran.stderr).toBe(0);
    const [segmented] = jsonLines(ran) as unknown as Explained[];
    const [scored] = await explained(['-d', detector, '-i', scan]);
    expect(segmented!.explanation.intensities).toEqual(scored!.explanation.intensities);
    for (const [i, group] of scored!.explanation.groups!.entries())
      expect(segmented!.explanation.groups![i].ratio / group.ratio).toBeCloseTo(1, 3);
    expect(segmented!.explanation.patches!.map(({ box }) => box)).toEqual(
      scored!.explanation.patches!.map(({ box }) => box),
    );
    const without = await segcanary(['segment', '-m', MODEL, '-i', scan, '-o', out, '--explain']);
    expect([without.code, without.stderr]).toEqual([2, expect.stringMatching(/--explain needs a detector/)]);
  });
});

describe('segcanary fit', () => {
  it('keeps the same intensities from a scan that is read, from its cache and from a cache that lacks them', async () => {
    const [fresh, known] = [join(folder, 'fresh'), join(folder, 'known')];
    await segcanary(['fit', '-m', MODEL, '-i', train, '-o', fresh]);
    const kept = (dir: string) => JSON.parse(readFileSync(join(dir, 'detector.json'), 'utf8')).trainingIntensities;
    await segcanary(['fit', '-m', MODEL, '-i', train, '-o', known, ...cache]);
    expect(kept(known)).toEqual(kept(fresh));
    const copy = join(folder, 'copy.cache');
    cpSync(cache[1], copy, { recursive: true });
    const entries = readdirSync(copy).filter((name) => name.endsWith('.intensities'));
    expect(entries.length).toBeGreaterThanOrEqual(6);
    for (const [i, name] of entries.entries())
      if (i % 2 === 0) rmSync(join(copy, name));
      else writeFileSync(join(copy, name), readFileSync(join(copy, name), 'utf8').replace('0.', '0.0'));
    const ran = await segcanary(['fit', '-v', '-m', MODEL, '-i', train, '-o', known, '--cache', copy]);
    // The network was not run again.
    expect(ran.stderr.match(/from the cache/g)?.length).toBe(6);
    expect(kept(known)).toEqual(kept(fresh));
    expect(existsSync(join(copy, entries[0]))).toBe(true);
  });
});
