import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CACHED, type Step } from './checkouts.js';
import type { Demo } from './demo.js';

const ONE = ['-q', '--threads', '1'];

export interface Inputs {
  readonly demo: Demo;
  readonly model: string;
  /** A folder of inputs that are made, the same for both. */
  readonly folder: string;
}

/** Fitting and calibrating: every kind of detector, each calibrated and scored with. */
export function fitSteps({ demo, model }: Inputs): Step[] {
  const fit = (scans: readonly string[], ...options: string[]) => [
    ...['fit', ...ONE, '-m', model, '--tap', demo.tap, '-i', ...scans, '-o', 'detector', '--cache', '../cache'],
    ...options,
  ];
  return [
    { artefact: 'fit', args: fit(demo.scans('train')), keep: 'fitted' },
    {
      artefact: 'calibrate',
      args: ['calibrate', ...ONE, '-d', 'detector', '-i', ...demo.scans('calibration')],
      // Both begin with what the older one fitted, and so with the same bytes.
      prepare: (folder, { work }) =>
        cpSync(join(work, '../before/fitted/detector'), join(folder, 'detector'), { recursive: true }),
      keep: 'calibrated',
    },
    ...['mahalanobis++', 'gap-mahalanobis', 'multi-layer', 'pca-mahalanobis', 'knn', 'ihf', 'entropy'].flatMap(
      (name): Step[] => [
        { artefact: `fit, ${name}`, args: fit(demo.scans('train').slice(0, 6), '--detector', name), keep: name },
        {
          artefact: `calibrate, ${name}`,
          args: ['calibrate', ...ONE, '-d', 'detector', '-i', ...demo.scans('calibration').slice(0, 3)],
          keep: name,
        },
        {
          artefact: `score, ${name}`,
          args: ['score', ...ONE, '-d', `../../before/${name}/detector`, '-i', ...demo.scans('test').slice(0, 2)],
        },
      ],
    ),
  ];
}

/**
 * Scoring and segmenting the demo's test scans in every form of output, with the demo's detector,
 * which an older version made.
 */
export function scanSteps({ demo, model, folder }: Inputs): Step[] {
  const { detector } = demo;
  const scans = [...demo.scans('test'), ...demo.scans('shifted')];
  const one = scans[0];
  const broken = brokenScans(one, folder);
  const score = (...rest: string[]) => ['score', ...ONE, '-d', detector, ...rest];
  const segment = (...rest: string[]) => ['segment', ...ONE, '-m', model, ...rest];
  return [
    { artefact: 'score', args: score('-i', ...scans) },
    { artefact: 'score -o', args: score('-i', ...scans, '-o', 'out') },
    { artefact: 'score --explain', args: score('-i', ...scans, '--explain', '-o', 'out') },
    { artefact: 'score --early', args: score('-i', ...scans, '--early') },
    { artefact: 'score --mask FILE', args: score('-i', one, '--mask', 'mask.nii.gz') },
    { artefact: 'score --mask -', args: score('-i', '-', '--mask', '-'), stdin: one, resultOnStderr: true },
    { artefact: 'score --no-spool', args: score('-i', ...scans.slice(-2), '--no-spool', '-o', 'out') },
    { artefact: 'score --remember-constants', args: score('-i', one, '--remember-constants') },
    { artefact: 'score --fail-on-ood', args: score('-i', ...demo.scans('shifted'), '--fail-on-ood'), code: 10 },
    { artefact: 'score, broken scans', args: score('-i', ...broken, one), code: 3 },
    { artefact: 'score -o, broken scans', args: score('-i', ...broken, '-o', 'out'), code: 3 },
    { artefact: 'segment -d -o', args: segment('-d', detector, '-i', ...scans, '-o', 'out') },
    {
      artefact: 'segment -d, all options',
      args: segment('-d', detector, '-i', one, '-o', 'out', '--save-probabilities', '--explain', '--tta'),
    },
    { artefact: 'segment -o -', args: segment('-d', detector, '-i', '-', '-o', '-'), stdin: one, resultOnStderr: true },
    { artefact: 'segment', args: segment('-i', one, '-o', 'out') },
    { artefact: 'simulate', args: ['simulate', '-q', '-i', one, '-o', 'out'] },
    { artefact: 'inspect', args: ['inspect', detector] },
    { artefact: 'inspect --ndjson', args: ['inspect', detector, '--ndjson'] },
    { artefact: 'taps --ndjson', args: ['taps', model, '--ndjson'] },
    { artefact: 'evaluate', args: evaluation(demo, model, folder) },
  ];
}

/** Scans given by hand, all in one command each. */
export function givenSteps({ model, demo: { detector } }: Inputs, scans: readonly string[]): Step[] {
  if (scans.length === 0) return [];
  return [
    { artefact: 'scans: score -o', args: ['score', ...ONE, '-d', detector, '-i', ...scans, '-o', 'out'] },
    {
      artefact: 'scans: segment -d -o',
      args: ['segment', ...ONE, '-m', model, '-d', detector, '-i', ...scans, '-o', 'out'],
    },
  ];
}

/** A scan that is cut, one that is none, and one whose voxels are missing. */
function brokenScans(scan: string, folder: string): string[] {
  const bytes = readFileSync(scan);
  const broken = join(folder, 'broken');
  mkdirSync(broken, { recursive: true });
  return Object.entries({
    cut: bytes.subarray(0, Math.floor(bytes.length / 2)),
    none: Buffer.from('not a scan at all, and long enough to be asked what it is'.repeat(10)),
    empty: Buffer.alloc(0),
  }).map(([name, content]) => {
    const path = join(broken, `${name}.nii.gz`);
    writeFileSync(path, content);
    return path;
  });
}

function evaluation(demo: Demo, model: string, folder: string): string[] {
  const name = (path: string) => basename(path, '.nii.gz');
  const truth = new Map(demo.scans('truth').map((path) => [name(path), path]));
  const rows = [
    ...demo
      .scans('train')
      .slice(0, 5)
      .map((path) => [name(path), path, '', 'train', 'id', '', 'w']),
    ...demo
      .scans('calibration')
      .slice(0, 3)
      .map((path) => [name(path), path, '', 'val', 'id', '', 'w']),
    ...demo
      .scans('test')
      .slice(0, 3)
      .map((path) => [name(path), path, truth.get(name(path)), 'test', 'id', '', 'w']),
    ...demo
      .scans('shifted')
      .slice(-4)
      .map((path) => {
        const shift = name(path).replace(/_\d+$/, '');
        return [name(path), path, truth.get(name(path)), 'test', 'ood', shift, 'w'];
      }),
  ];
  const cohort = join(folder, 'cohort.csv');
  writeFileSync(cohort, `case,image,label,split,group,shift,dataset\n${rows.map((row) => row.join()).join('\n')}\n`);
  const rules = ['--aggregate', 'mean,foreground,interior,worst,top', '--resamples', '200'];
  return ['evaluate', cohort, ...ONE, '-m', model, '--tap', demo.tap, '-o', 'out', ...rules, ...CACHED];
}
