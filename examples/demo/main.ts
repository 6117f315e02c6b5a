/**
 * The main job, end to end, on computed chest CTs: `npm run demo`.
 *
 * Writes a cohort of phantoms, fits a detector with the built command line, calibrates it, pipes every test scan into `segcanary score`, and leaves
 * demo-out/ with the detector, scores.ndjson, the uncertainty maps and report.html.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadDetector, type SubjectScore } from 'segcanary';
import { cohort } from '../phantom/cohort.js';
import { SHIFTS } from '../phantom/shifts/index.js';
import { report } from './report.js';
import { script, segcanary } from './run.js';
import type { ScoredCase } from './scored-case.js';
import { SIZES } from './sizes.js';
import { table } from './table.js';

const MODEL = fileURLToPath(new URL('../phantom/model', import.meta.url));
/**
 * Stage 4 of 6. The bottleneck of this small network is 1x2x2 voxels behind an instance norm, which takes from each channel its mean and its spread:
 * little is left there of a shift (docs/models.md). nnU-Net's full size has 7x4x4 there.
 */
const TAP = '/encoder/stages.3/stages.3.0/convs/convs.1/all_modules/nonlin/LeakyRelu_output_0';
const out = 'demo-out';
const scans = join(out, 'scans');
const detector = join(out, 'detector');
const started = performance.now();
const step = (text: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);

rmSync(out, { recursive: true, force: true });
for (const folder of ['train', 'calibration', 'test', 'shifted']) mkdirSync(join(scans, folder), { recursive: true });
mkdirSync(join(out, 'masks'));

step(`computing ${cohort(SIZES).length} chest CT phantoms`);
await Promise.all(['0', '1'].map((half) => script('./generate.ts', [scans, half])));

step('segcanary fit');
console.log(indent(await segcanary(['fit', '-m', MODEL, '--tap', TAP, '-i', join(scans, 'train'), '-o', detector])));

step('segcanary calibrate');
console.log(indent(await segcanary(['calibrate', '-d', detector, '-i', join(scans, 'calibration')])));

step('cat scan | segcanary score -i - --mask map.nii.gz, for every test scan');
const dice = (JSON.parse(readFileSync(join(MODEL, 'dice.json'), 'utf8')) as { cases: Record<string, number> }).cases;
const cases: ScoredCase[] = [];
const lines: string[] = [];
for (const item of cohort(SIZES).filter((c) => c.group === 'test' || c.group === 'shifted')) {
  const scan = join(scans, item.group, `${item.name}.nii.gz`);
  const mask = join(out, 'masks', `${item.name}.nii.gz`);
  const line = await segcanary(['score', '-d', detector, '-i', '-', '--case', item.name, '--mask', mask], scan);
  const grade = SHIFTS.find((s) => s.name === item.shift)?.grades[item.severity - 1] ?? 'none';
  lines.push(line);
  cases.push({ ...item, grade, dice: dice[item.name] ?? null, scan, mask, result: JSON.parse(line) as SubjectScore });
}
writeFileSync(join(out, 'scores.ndjson'), lines.join(''));
console.log(`\n${table(cases)}\n`);

writeFileSync(join(out, 'report.html'), await report(cases, (await loadDetector(detector)).description));
step(`done: open ${join(out, 'report.html')}`);

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '        ');
}
