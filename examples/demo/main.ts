/**
 * The main job, end to end, on computed chest CTs: `npm run demo`.
 *
 * Writes a cohort of phantoms, fits a detector with the built command line, calibrates it, pipes
 * every test scan into `segcanary segment -d`, and leaves demo-out/ with the detector,
 * scores.ndjson, segmentations, uncertainty maps and report.html.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadFeatureDetector, type SubjectScore } from 'segcanary';
import { type CohortCase, cohort } from '../phantom/cohort.js';
import { SHIFTS } from '../phantom/shifts/index.js';
import { dice } from './dice.js';
import { report } from './report.js';
import { script, segcanary } from './run.js';
import type { ScoredCase } from './scored-case.js';
import { SIZES } from './sizes.js';
import { table } from './table.js';

const MODEL = fileURLToPath(new URL('../phantom/model', import.meta.url));
/**
 * Stage 4 of 6. The bottleneck of this small network is 1x2x2 voxels behind an instance norm, which
 * takes from each channel its mean and its spread: little is left there of a shift
 * (docs/models.md). nnU-Net's full size has 7x4x4 there.
 */
const TAP = '/encoder/stages.3/stages.3.0/convs/convs.1/all_modules/nonlin/LeakyRelu_output_0';
const out = 'demo-out';
const scans = join(out, 'scans');
const detector = join(out, 'detector');
const started = performance.now();
const step = (text: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);

rmSync(out, { recursive: true, force: true });
for (const folder of ['train', 'calibration', 'test', 'shifted', 'truth'])
  mkdirSync(join(scans, folder), { recursive: true });

step(`computing ${cohort(SIZES).length} chest CT phantoms`);
await Promise.all(['0', '1'].map((half) => script('./generate.ts', [scans, half])));

step('segcanary fit');
console.log(indent(await segcanary(['fit', '-m', MODEL, '--tap', TAP, '-i', join(scans, 'train'), '-o', detector])));

step('segcanary calibrate');
console.log(indent(await segcanary(['calibrate', '-d', detector, '-i', join(scans, 'calibration')])));

step('cat scan | segcanary segment -d detector -i - -o segmentations, for every test scan, two at a time');
const tested = cohort(SIZES).filter((c) => c.group === 'test' || c.group === 'shifted');
const lines: string[] = [];
const cases: ScoredCase[] = [];
const queue = [...tested.entries()];
await Promise.all(
  [0, 1].map(async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await judge(...next);
  }),
);

/**
 * One pass: the segmentation, the uncertainty map and the score of a scan that arrives on stdin.
 */
async function judge(i: number, item: CohortCase): Promise<void> {
  const { name, group, shift, severity } = item;
  const folder = join(out, 'segmentations', name);
  const scan = join(scans, group, `${name}.nii.gz`);
  const truth = join(scans, 'truth', `${name}.nii.gz`);
  const options = ['-m', MODEL, '-d', detector, '--case', name, '--threads', '1'];
  const line = await segcanary(['segment', ...options, '-i', '-', '-o', folder], scan);
  const grade = SHIFTS.find((s) => s.name === shift)?.grades[severity - 1] ?? 'none';
  const segmentation = join(folder, `${name}.nii.gz`);
  const mask = join(folder, `${name}_uncertainty.nii.gz`);
  const result = JSON.parse(line) as SubjectScore;
  lines[i] = line;
  cases[i] = { ...item, grade, dice: await dice(segmentation, truth), scan, truth, segmentation, mask, result };
}
writeFileSync(join(out, 'scores.ndjson'), lines.join(''));
console.log(`\n${table(cases)}\n`);

writeFileSync(join(out, 'report.html'), await report(cases, (await loadFeatureDetector(detector)).description));
step(`done: open ${join(out, 'report.html')}`);

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '        ');
}
