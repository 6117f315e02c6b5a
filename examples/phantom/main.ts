/**
 * Writes the cohort in nnU-Net's raw layout, to train a network on it and to test it: imagesTr and
 * labelsTr are the training cases, imagesTs and labelsTs the test cases, shifted ones included.
 *
 *     npm run build && npx tsx examples/phantom/main.ts FOLDER [training cases, default 72]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cohort } from './cohort.js';
import { writePhantom } from './write.js';

const [folder = 'phantoms', train = '72'] = process.argv.slice(2);
for (const name of ['imagesTr', 'labelsTr', 'imagesTs', 'labelsTs']) mkdirSync(join(folder, name), { recursive: true });

for (const item of cohort({ train: Number(train), calibration: 0, test: 12, shifted: 1 })) {
  const set = item.group === 'train' ? 'Tr' : 'Ts';
  const scan = join(folder, `images${set}`, `${item.name}_0000.nii.gz`);
  await writePhantom(item.make(), scan, join(folder, `labels${set}`, `${item.name}.nii.gz`));
}

const dataset = {
  channel_names: { 0: 'CT' },
  labels: { background: 0, lesion: 1 },
  numTraining: Number(train),
  file_ending: '.nii.gz',
};
writeFileSync(join(folder, 'dataset.json'), `${JSON.stringify(dataset, null, 2)}\n`);
