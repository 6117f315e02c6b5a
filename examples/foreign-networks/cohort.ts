/**
 * Writes the cohort of a network that nobody here trained, for `segcanary evaluate`, and a list of
 * scans a split for `fit`, `calibrate` and `score`:
 *
 *     npm run build && npx tsx examples/foreign-networks/cohort.ts NETWORK DATA_FOLDER FOLDER
 *
 * NETWORK is deepbet or obelisk. DATA_FOLDER holds the public scans (README.md here says which and
 * where from). FOLDER gets cohort.csv, train/, val/, id/ and ood/, which hold links to the scans or
 * boxes cut out of them.
 */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { cutBox, type Ends } from './box.js';

const [network = '', data = 'data', folder = network] = process.argv.slice(2);

interface Entry {
  readonly scan: string;
  readonly split: 'train' | 'val' | 'test';
  readonly group?: 'ood';
  readonly shift?: string;
  /** What of it the network sees, where that is not the whole. */
  readonly box?: Ends;
}

/** Chests, for both. */
const chests = ['chest/ricord1a_001012_2mm', 'chest/lidc0314_2mm', 'chest/lungdx_A0001_L_2mm', 'originals/imlab_id002'];
const foreign = (shift: string, scans: readonly string[]): Entry[] =>
  scans.map((scan) => ({ scan, split: 'test', group: 'ood', shift }));
const whole = [0, null] as const;

const cohorts: Readonly<Record<string, readonly Entry[]>> = {
  deepbet: [
    { scan: 'mri/mricron_ch2', split: 'train' },
    { scan: 'mri/brainchop_t1_crop', split: 'train' },
    { scan: 'mri/MR_Gd', split: 'train' },
    { scan: 'tricky/nifti-reader-js/avg152T1_LR_nifti', split: 'val' },
    { scan: 'tricky/niivue/RAS', split: 'test' },
    ...foreign('CT of the head', [
      'mri/CT_AVM',
      'originals/invesalius_cranium_ct_2mm',
      'originals/ichseg_headct_template_128',
    ]),
    ...foreign('CT of the chest', chests),
    ...foreign('MR of another part', [
      'originals/totalseg_example_mr_sm',
      'originals/STS_008_MR_T1_image',
      'sts_ood/STS_041_mrT1_2mm',
      'sts_ood/STS_042_mrT1_2mm',
      'sts_ood/STS_043_mrT1_2mm',
    ]),
    ...foreign('PET', ['sts_ood/STS_041_PET_image', 'sts_ood/STS_042_PET_image']),
  ],
  // Boxes by eye, as OBELISK's were: the body from the dome of the liver down to the kidneys, or as
  // much of that as there is.
  obelisk: [
    {
      scan: 'originals/totalseg_example_ct',
      split: 'train',
      box: [
        [50, null],
        [14, 92],
        [8, 114],
      ],
    },
    {
      scan: 'chest/acrin_flt_breast_001_b_2mm',
      split: 'train',
      box: [
        [45, null],
        [62, 190],
        [38, 214],
      ],
    },
    {
      scan: 'chest/lidc0314_2mm',
      split: 'train',
      box: [
        [0, 40],
        [28, 158],
        [8, 192],
      ],
    },
    { scan: 'chest/ricord1a_001012_2mm', split: 'val', box: [[0, 45], [22, 148], whole] },
    {
      scan: 'chest/lungdx_A0001_B_2mm',
      split: 'test',
      box: [
        [0, 20],
        [52, 176],
        [16, 200],
      ],
    },
    ...foreign('CT of the chest', ['chest/lungdx_A0001_L_2mm', 'originals/imlab_id001', 'originals/imlab_id002']),
    ...foreign('CT of the head', [
      'mri/CT_AVM',
      'originals/invesalius_cranium_ct_2mm',
      'originals/ichseg_headct_template_128',
    ]),
    ...foreign('CT of the limb', ['sts2mm/STS_001_ct', 'sts2mm/STS_009_ct', 'sts2mm/STS_020_ct', 'sts2mm/STS_037_ct']),
    ...foreign('MR', ['originals/totalseg_example_mr_sm', 'mri/MR_Gd', 'sts_ood/STS_041_mrT1_2mm']),
    ...foreign('PET', ['sts_ood/STS_041_PET_image', 'sts_ood/STS_042_PET_image']),
  ],
};

const cohort = cohorts[network];
if (!cohort) throw new Error(`name a network: ${Object.keys(cohorts).join(' or ')}`);

const rows = [['case', 'image', 'label', 'split', 'group', 'shift', 'dataset']];
for (const { scan, split, group = 'id', shift = '', box } of cohort) {
  const name = scan.replace(/^.*\//, '');
  const image = join(folder, split === 'test' ? group : split, `${name}.nii.gz`);
  mkdirSync(join(image, '..'), { recursive: true });
  const source = resolve(data, `${scan}.nii.gz`);
  if (!existsSync(image)) {
    if (box) await cutBox(source, box, image);
    else symlinkSync(source, image);
  }
  rows.push([name, relative(folder, image), '', split, group, shift, box ? 'a box' : 'whole']);
}
writeFileSync(join(folder, 'cohort.csv'), `${rows.map((row) => row.join()).join('\n')}\n`);
console.log(`${rows.length - 1} cases in ${join(folder, 'cohort.csv')}`);
