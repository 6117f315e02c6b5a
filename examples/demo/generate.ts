/**
 * Writes half of the scans of the demo's cohort: `generate.ts FOLDER 0|1`. Two of these fill two
 * cores: of four sites in turn one takes the first and the last, the other those between, which are
 * as much work.
 */
import { join } from 'node:path';
import { cohort } from '../phantom/cohort.js';
import { writePhantom } from '../phantom/write.js';
import { SIZES } from './sizes.js';

const [folder = '.', half = '0'] = process.argv.slice(2);
for (const [i, item] of cohort(SIZES).entries()) {
  if ((((i + 1) >> 1) & 1) !== Number(half)) continue;
  // What is tested comes with the truth, for the Dice of the network's segmentation.
  const tested = item.group === 'test' || item.group === 'shifted';
  const truth = tested ? join(folder, 'truth', `${item.name}.nii.gz`) : undefined;
  await writePhantom(item.make(), join(folder, item.group, `${item.name}.nii.gz`), truth);
}
