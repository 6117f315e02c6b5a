/**
 * Writes the scans of the phantom experiment and a cohort for `segcanary evaluate`:
 *
 *     npm run build && npx tsx examples/phantom/experiment/main.ts FOLDER development|test
 *
 * FOLDER/images, FOLDER/labels and FOLDER/development.csv or test.csv. Scans that are there are
 * left as they are.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePhantom } from '../write.js';
import { experimentCohort } from './cohort.js';

const [folder = 'experiment', name = 'test'] = process.argv.slice(2);
if (name !== 'development' && name !== 'test') throw new Error(`${name}: is neither development nor test.`);

const lines = ['case,image,label,split,group,shift,dataset'];
for (const set of ['images', 'labels']) mkdirSync(join(folder, set), { recursive: true });
for (const { name: caseName, split, group, shift, dataset, make } of experimentCohort(name)) {
  const [image, label] = [`images/${caseName}.nii.gz`, `labels/${caseName}.nii.gz`];
  lines.push([caseName, image, label, split, group, shift, dataset].join());
  // The truth is written last, so that with it the scan is whole.
  if (!existsSync(join(folder, label))) await writePhantom(make(), join(folder, image), join(folder, label));
}
writeFileSync(join(folder, `${name}.csv`), `${lines.join('\n')}\n`);
