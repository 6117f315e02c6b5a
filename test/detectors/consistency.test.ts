import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectorParts } from '../../campaigns/fuzz/targets/detector-parts.js';
import { calibrate } from '../../src/detectors/calibration.js';
import { inconsistencies } from '../../src/detectors/consistency.js';
import { parseFields } from '../../src/detectors/description-file.js';
import { learnQuality } from '../../src/detectors/quality/model.js';
import { loadDetector, saveDetector } from '../../src/detectors/saved.js';
import { unsealDetector } from '../support/edited-detector.js';
import { temporaryFolder } from '../support/folder.js';
import { simulatedCases } from '../support/quality.js';

const hash = '0'.repeat(64);
const kinds = ['mahalanobis', 'knn', 'diagonal', 'residual', 'max-softmax', 'ihf'] as const;
const all = detectorParts([8, 2, 4, 4]);
const context = { labels: ['x', 'y'], networks: [hash], mirrorAxes: [], alpha: 0.1 };
const jackknife = learnQuality(simulatedCases(20, 5, ['a', 'b']), context);
const split = learnQuality(simulatedCases(40, 6), context);
const level = calibrate(
  Array.from({ length: 45 }, (_, i) => ({ case: `${i}`, score: 1.5 * i })),
  0.9,
);

/** A copy of a description, to be edited. */
const described = (kind: (typeof kinds)[number], fields: object = {}) =>
  parseFields(
    structuredClone({
      encoderSha256: hash,
      statisticsSha256: hash,
      ...all[kinds.indexOf(kind)].description,
      ...fields,
    }),
    'detector.json',
  );

const edited = (kind: (typeof kinds)[number], fields: object, change: (d: Record<string, never>) => void) => {
  const description = described(kind, fields);
  change(description as never);
  return inconsistencies(description);
};

type Edit = (d: Record<string, never>) => void;
const set =
  (path: string, value: unknown): Edit =>
  (d) => {
    const names = path.split('.');
    const last = names.pop() as string;
    const parent = names.reduce((o: Record<string, unknown>, name) => o[name] as Record<string, unknown>, d);
    parent[last] = value;
  };

describe('inconsistencies', () => {
  it.each(kinds)('are not found in what %s saves', (kind) => {
    for (const fields of [
      {},
      { quality: jackknife },
      { quality: split },
      { calibration: level },
      { calibration: null },
    ])
      expect(inconsistencies(described(kind, fields))).toEqual([]);
  });

  it('are not found in a calibration of before its level could be chosen', () => {
    const { level: _, ...before } = calibrate(Array.from({ length: 30 }, (_, i) => ({ case: `${i}`, score: i })));
    expect(inconsistencies(described('knn', { calibration: before }))).toEqual([]);
  });

  it('are not found in one that may have kept the hash of a scan that failed', () => {
    expect(inconsistencies(described('knn', { trainingScans: [hash, hash] }))).toEqual([]);
    expect(inconsistencies(described('knn', { trainingScans: undefined }))).toEqual([]);
  });

  it.each<[string, Edit]>([
    ['calibration.boundary.conformal', set('calibration.boundary.conformal', 28)],
    ['calibration.boundary.conformal', set('calibration.boundary.conformal', 28.5)],
    ['calibration.boundary.paper', set('calibration.boundary.paper', 29)],
    ['calibration.boundary.level', set('calibration.boundary.level', 0.94)],
    ['calibration.boundary.conformal', set('calibration.level', 0.85)],
    ['calibration.min', set('calibration.min', 9)],
    ['calibration.max', set('calibration.max', 30)],
    ['calibration.max', set('calibration.cases.19.score', 39)],
    ['calibration.cases do not ascend', set('calibration.cases.7.score', 15)],
    ['cases is 2', set('cases', 2)],
    ['fewer patches than its 3 cases', (d) => Object.assign(d, { n: 2, cases: 3, trainingScans: [hash, hash, hash] })],
    ['trainingVoxels 2', set('trainingVoxels', [hash, hash])],
    ['trainingOriented 0', set('trainingOriented', [])],
    ['pooling.shape', set('pooling.shape', [8, 2, 4, 2])],
    ['stages are not those', set('stages', [])],
    ['tiles and stepSize', set('tiles', 'cover')],
    ['rank is 4', set('n', 4)],
    ['rank is 257', set('rank', 257)],
    ['rank or conditionNumber is null', set('rank', null)],
    ['estimator is null', set('estimator', null)],
    ['shrinkage is 0.1 under empirical', set('estimator', 'empirical')],
    ['shrinkage is null under ledoit-wolf', set('shrinkage', null)],
    ['conditionNumber is 0.2', set('conditionNumber', 0.2)],
    ['percentile005 of the channel CT', set('plan.channels.0.intensity.percentile005', 1501)],
    ['orientations are not sorted', set('orientations', ['RAS', 'LPS'])],
    ['orientations are not sorted', set('orientations', ['LPS', 'LPS'])],
    [
      'trainingIntensities have distances',
      set('trainingIntensities', [{ edges: [0, 1, 2], shares: [0.5, 0.5], distances: { mean: 1, max: 2 } }]),
    ],
  ])('are found in mahalanobis: %s', (sentence, change) => {
    expect(edited('mahalanobis', {}, change)).toEqual(expect.arrayContaining([expect.stringContaining(sentence)]));
  });

  it.each<[string, Edit]>([
    ['mirrorAxes', set('mirrorAxes', [0])],
    ['dropout', set('dropout', 1)],
    [
      'sourceModels',
      set(
        'sourceModels',
        [0, 1].map(() => ({ name: 'a', sha256: hash })),
      ),
    ],
  ])('are found in outputs: %s', (sentence, change) => {
    expect(edited('max-softmax', {}, change)).toEqual([expect.stringContaining(sentence)]);
  });

  it.each<[string, Edit]>([
    ['quality.cases is 21', set('quality.cases', 21)],
    ['quality.passes is 61', set('quality.passes', 61)],
    ['quality.passes is 60', set('quality.crossValidation.families.1.n', 21)],
    ['other families', set('quality.stress.families.0', 'c')],
    ['coverage without a bound', set('quality.crossValidation.coverage', null)],
    ['covers more', set('quality.crossValidation.coverage.covered', 21)],
    ['two values of alpha', set('quality.stress.bound.alpha', 0.2)],
    ['not the one of 20 cases', set('quality.bound.alpha', 0.01)],
    ['mirrorAxes', set('quality.mirrorAxes', [1, 1])],
    ['not drawn by', set('quality.stress.bound.kind', 'split')],
  ])('are found in quality: %s', (sentence, change) => {
    expect(edited('knn', { quality: jackknife }, change)).toEqual(
      expect.arrayContaining([expect.stringContaining(sentence)]),
    );
  });

  it('are found in a split of another size', () => {
    const change: Edit = (d) =>
      (d as unknown as { quality: { bound: { parts: { over: unknown[] }[] } } }).quality.bound.parts[0].over.pop();
    expect(edited('knn', { quality: split }, change)).toEqual(['quality.bound has 18 units of 40 cases']);
  });
});

describe('a detector without a hash of itself', () => {
  it.each<[string, number, Edit]>([
    ['contradicts itself: calibration.boundary.conformal is 28', 0, set('calibration.boundary.conformal', 28)],
    ['says a rank of 5, and the statistics have 4 directions', 0, set('rank', 5)],
    ['says 13 patches, and the statistics have 12', 1, set('n', 13)],
  ])('is refused: %s', async (sentence, at, change) => {
    const dir = join(await temporaryFolder(), 'detector');
    await saveDetector(dir, all[at]);
    await unsealDetector(dir, change as (json: Record<string, unknown>) => void);
    await expect(loadDetector(dir)).rejects.toMatchObject({
      code: 'detector-corrupt',
      message: expect.stringContaining(sentence),
    });
  });
});
