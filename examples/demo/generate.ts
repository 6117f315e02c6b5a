/**
 * Writes scans of the demo's cohort into a folder, one by one as their names arrive from the
 * process that forked this one, and says each name back when the scan is there.
 */
import { join } from 'node:path';
import { cohort } from '../phantom/cohort.js';
import { writePhantom } from '../phantom/write.js';
import { SIZES } from './sizes.js';

const [folder = '.'] = process.argv.slice(2);
const cases = new Map(cohort(SIZES).map((item) => [item.name, item]));

process.on('message', async (name: string) => {
  const item = cases.get(name);
  if (!item) throw new Error(`${name} is no case of the demo's cohort`);
  // What is tested comes with the truth, for the Dice of the network's segmentation.
  const tested = item.group === 'test' || item.group === 'shifted';
  const truth = tested ? join(folder, 'truth', `${name}.nii.gz`) : undefined;
  await writePhantom(item.make(), join(folder, item.group, `${name}.nii.gz`), truth);
  process.send?.(name);
});
