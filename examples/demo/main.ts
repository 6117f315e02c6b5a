/**
 * The main job, end to end, on computed chest CTs: `npm run demo`.
 *
 * Computes a cohort of phantoms and, while they come, fits a detector with the built command line,
 * calibrates it and pipes every test scan into `segcanary score`, all without an option that
 * chooses anything. Then it segments them, to show what the verdicts warn of. Leaves demo-out/ with
 * the detector, scores.ndjson, uncertainty maps, segmentations and report.html.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadFeatureDetector, type SubjectScore } from 'segcanary';
import { type CohortCase, cohort, type Group } from '../phantom/cohort.js';
import { SHIFTS } from '../phantom/shifts/index.js';
import { dice } from './dice.js';
import { computePhantoms } from './phantoms.js';
import { report } from './report.js';
import { segcanary } from './run.js';
import type { ScoredCase } from './scored-case.js';
import { SEGMENTATION_STEP, SIZES } from './sizes.js';
import { table } from './table.js';

const MODEL = fileURLToPath(new URL('../phantom/model', import.meta.url));
const out = 'demo-out';
const scans = join(out, 'scans');
const detector = join(out, 'detector');
const maps = join(out, 'maps');
const segmentations = join(out, 'segmentations');
const started = performance.now();
let spoken = started;
let doing = 'computing';
const step = (text: string) => {
  spoken = performance.now();
  console.log(`${((spoken - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);
};
const all = cohort(SIZES);
const of = (...groups: readonly Group[]) => all.filter((c) => groups.includes(c.group));
const folder = (group: Group) => join(scans, group);
const scanOf = ({ group, name }: CohortCase) => join(folder(group), `${name}.nii.gz`);
const mapOf = ({ name }: CohortCase) => join(maps, `${name}.nii.gz`);

rmSync(out, { recursive: true, force: true });
step(`computing ${all.length} chest CT phantoms, first those that are needed first`);
const phantoms = computePhantoms(all, scans);
const alive = setInterval(() => {
  if (performance.now() - spoken > 2500) step(`${doing}; ${phantoms.count} of ${all.length} scans are there`);
}, 500);

await phantoms.made(of('train'));
step(`segcanary fit, to ${SIZES.train} scans`);
doing = 'fitting';
console.log(indent(await segcanary(['fit', '-m', MODEL, '-i', folder('train'), '-o', detector])));

await phantoms.made(of('calibration'));
step(`segcanary calibrate, on ${SIZES.calibration} scans`);
doing = 'calibrating';
console.log(indent(await segcanary(['calibrate', '-d', detector, '-i', folder('calibration')])));

step('cat scan | segcanary score -d detector -i - --mask map.nii.gz --explain, two scans at a time');
doing = 'scoring';
const tested = of('test', 'shifted');
const lines: string[] = [];
const queue = tested.entries();
const twice = (work: () => Promise<void>) => Promise.all([work(), work()]);
mkdirSync(maps);
await twice(async () => {
  for (const [i, item] of queue) lines[i] = await judge(item);
});
writeFileSync(join(out, 'scores.ndjson'), lines.join(''));

step('segcanary segment, to see what became of them');
doing = 'segmenting';
const halves = [tested.filter((_, i) => i % 2 === 0), tested.filter((_, i) => i % 2 === 1)].values();
await twice(async () => {
  for (const half of halves) await segment(half.map(scanOf));
});
clearInterval(alive);
const cases: ScoredCase[] = [];
for (const [i, item] of tested.entries()) cases.push(await scoredCase(item, JSON.parse(lines[i])));
console.log(`\n${table(cases)}\n`);

writeFileSync(join(out, 'report.html'), await report(cases, (await loadFeatureDetector(detector)).description));
step(`done: open ${join(out, 'report.html')}`);

/** The result of a scan that arrives on stdin, as a line; its uncertainty map is a file. */
async function judge(item: CohortCase): Promise<string> {
  await phantoms.made([item]);
  const options = ['--case', item.name, '--mask', mapOf(item), '--explain', '--threads', '1'];
  const line = await segcanary(['score', '-d', detector, '-i', '-', ...options], scanOf(item));
  const { verdict, score, pValue } = JSON.parse(line) as SubjectScore;
  step(`${item.name} (${gradeOf(item)}): ${verdict}, score ${score.toFixed(1)}, p = ${pValue?.toFixed(3)}`);
  return line;
}

async function segment(files: readonly string[]): Promise<void> {
  const step = ['--step-size', String(SEGMENTATION_STEP)];
  await segcanary(['segment', '-q', '-m', MODEL, ...step, '-i', ...files, '-o', segmentations, '--threads', '1']);
}

async function scoredCase(item: CohortCase, result: SubjectScore): Promise<ScoredCase> {
  const truth = join(scans, 'truth', `${item.name}.nii.gz`);
  const segmentation = join(segmentations, `${item.name}.nii.gz`);
  const files = { scan: scanOf(item), truth, segmentation, mask: mapOf(item) };
  return { ...item, ...files, grade: gradeOf(item), dice: await dice(segmentation, truth), result };
}

function gradeOf({ shift, severity }: CohortCase): string {
  return SHIFTS.find((s) => s.name === shift)?.grades[severity - 1] ?? 'none';
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '        ');
}
