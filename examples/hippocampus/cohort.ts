/**
 * Writes the cohort of the hippocampus experiment for `segcanary evaluate`, and the simulated
 * shifts in it:
 *
 *     npm run build && npx tsx examples/hippocampus/cohort.ts DATA_FOLDER FOREIGN FOLDER
 *
 * DATA_FOLDER holds images/hippocampus_NNN.nii.gz and labels/; FOREIGN is the folder that
 * foreign.py wrote. FOLDER gets cohort.csv and simulated/. Shifts that are there are left as they
 * are.
 *
 * Frozen before anything was scored: the 200 cases in the order of the SHA-256 of their names, the
 * first 100 the network's own, the next 50 calibrate, the last 50 test; every MR shift at every
 * grade on three test cases, in turns.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Grade, shiftsFor, simulateScan } from 'segcanary';

const [data = 'hippocampus', foreign = 'foreign', folder = 'hippocampus-cohort'] = process.argv.slice(2);
const simulated = join(folder, 'simulated');
mkdirSync(simulated, { recursive: true });

const hash = (name: string) => createHash('sha256').update(name).digest('hex');
const names = readdirSync(join(data, 'images'))
  .map((file) => file.replace(/\.nii\.gz$/, ''))
  .sort((a, b) => (hash(a) < hash(b) ? -1 : 1));
if (names.length !== 200) throw new Error(`${data}/images holds ${names.length} of the 200 cases.`);
const imageOf = (name: string) => resolve(data, 'images', `${name}.nii.gz`);
const labelOf = (name: string) => resolve(data, 'labels', `${name}.nii.gz`);
const test = names.slice(150);

const rows: string[][] = [['case', 'image', 'label', 'split', 'group', 'shift', 'dataset']];
const from = (path: string) => relative(folder, path);
for (const [split, cases] of [
  ['train', names.slice(0, 100)],
  ['val', names.slice(100, 150)],
  ['test', test],
] as const) {
  for (const name of cases) rows.push([name, from(imageOf(name)), from(labelOf(name)), split, 'id', '', 'as trained']);
}

/** A hippocampus that came as DICOM is none of something else. */
const SAME_KIND = /HCropVolume/;
for (const file of readdirSync(foreign).filter((name) => name.endsWith('.nii.gz') && !SAME_KIND.test(name))) {
  const name = file.replace(/\.nii\.gz$/, '');
  const shift = /MR|mr|T1|t1|ch2|FLAIR/.test(name) ? 'crop of another MR' : 'crop of a CT';
  rows.push([`foreign_${name}`, from(resolve(foreign, file)), '', 'test', 'ood', shift, 'other scans']);
}

let turn = 0;
for (const shift of shiftsFor('mr')) {
  for (const grade of [1, 2, 3] as Grade[]) {
    for (let i = 0; i < 3; i++) {
      const seed = 9000 + turn;
      const scan = test[turn++ % test.length];
      const name = `${scan}_${shift.name}-${grade}`;
      const [image, label] = [join(simulated, `${name}.nii.gz`), join(simulated, `${name}_label.nii.gz`)];
      const how = { case: name, shift, grade, seed };
      // The scan is written last, so that with it both are there.
      if (!existsSync(image)) {
        if (shift.truth) await simulateScan({ ...how, file: labelOf(scan), of: 'truth', to: label });
        await simulateScan({ ...how, file: imageOf(scan), to: image });
      }
      const known = shift.truth ? from(label) : from(labelOf(scan));
      rows.push([name, from(image), known, 'test', 'ood', shift.name, `simulated grade ${grade}`]);
    }
  }
}
writeFileSync(join(folder, 'cohort.csv'), `${rows.map((row) => row.join()).join('\n')}\n`);
console.log(`${rows.length - 1} cases in ${join(folder, 'cohort.csv')}`);
