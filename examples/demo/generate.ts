/** Writes every second scan of the demo's cohort, from the first or the second on: `generate.ts FOLDER 0|1`. Two of these fill two cores. */
import { join } from 'node:path';
import { cohort } from '../phantom/cohort.js';
import { writePhantom } from '../phantom/write.js';
import { SIZES } from './sizes.js';

const [folder = '.', parity = '0'] = process.argv.slice(2);
for (const [i, item] of cohort(SIZES).entries()) {
  if (i % 2 === Number(parity)) await writePhantom(item.make(), join(folder, item.group, `${item.name}.nii.gz`));
}
