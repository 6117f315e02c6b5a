/**
 * The rows of a cohort without the out-of-distribution scans that an evaluation found harmless, for
 * a pass that is too slow for all of them:
 *
 *     npx tsx examples/phantom/experiment/harmful.ts FOLDER/test.csv FOLDER/test/results.json \
 *       > FOLDER/test-harmful.csv
 */
import { readFileSync } from 'node:fs';
import type { Evaluation } from 'segcanary';

const [cohort = '', results = ''] = process.argv.slice(2);
const { shifts } = JSON.parse(readFileSync(results, 'utf8')) as Evaluation;
const harmful = new Set(shifts.filter((shift) => shift.harmful).map(({ shift, dataset }) => `${shift},${dataset}`));

// The experiment's own cohort has no quoted field.
for (const line of readFileSync(cohort, 'utf8').trimEnd().split('\n')) {
  const [, , , , group, ...shiftAndDataset] = line.split(',');
  if (group !== 'ood' || harmful.has(shiftAndDataset.join())) console.log(line);
}
