/**
 * The development cohort of the sarcoma network: its 22 training patients, its 9 validation
 * patients, and simulated shifts of these, three a shift and grade, in turns. No test patient and
 * no foreign scan is in it.
 *
 *     npm run build && npx tsx campaigns/choosing/sarcoma.ts DATA/sts2mm FOLDER
 *
 * FOLDER gets the shifts, list.tsv for features.ts and truths.tsv for dice.py.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Grade, SHIFTS, simulateScan } from 'segcanary';

const [data = 'sts2mm', folder = 'sarcoma-development'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const patient = (i: number) => `STS_${String(i).padStart(3, '0')}`;
const scanOf = (i: number) => resolve(data, `${patient(i)}_ct.nii.gz`);
const truthOf = (i: number) => resolve(data, `${patient(i)}_gtv.nii.gz`);
const scans: string[][] = [];
const truths: string[][] = [];
for (let i = 1; i <= 31; i++) {
  const name = `${i <= 22 ? 'train' : 'val'}__${patient(i)}`;
  scans.push([name, scanOf(i)]);
  if (i > 22) truths.push([name, truthOf(i)]);
}
let turn = 0;
for (const shift of SHIFTS) {
  for (const grade of [1, 2, 3] as Grade[]) {
    for (let k = 0; k < 3; k++) {
      const i = 23 + (turn++ % 9);
      const name = `${shift.name}-${grade}__${patient(i)}`;
      const [image, label] = [resolve(folder, `${name}.nii.gz`), resolve(folder, `${name}_label.nii.gz`)];
      const how = { case: name, shift, grade, seed: 5000 + turn };
      if (!existsSync(image)) {
        if (shift.truth) await simulateScan({ ...how, file: truthOf(i), of: 'truth', to: label });
        await simulateScan({ ...how, file: scanOf(i), to: image });
      }
      scans.push([name, image]);
      truths.push([name, shift.truth ? label : truthOf(i)]);
    }
  }
}
for (const [file, lines] of [
  ['list.tsv', scans],
  ['truths.tsv', truths],
] as const)
  writeFileSync(join(folder, file), `${lines.map((line) => line.join('\t')).join('\n')}\n`);
