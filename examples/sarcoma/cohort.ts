/**
 * Writes the cohort of the sarcoma experiment for `segcanary evaluate`, and the simulated shifts in
 * it:
 *
 *     npm run build && npx tsx examples/sarcoma/cohort.ts DATA_FOLDER FOLDER
 *
 * DATA_FOLDER holds the public scans (docs/results.md says which and where from):
 * sts2mm/STS_001_ct.nii.gz and STS_001_gtv.nii.gz …, and the others below. FOLDER gets cohort.csv
 * and simulated/. Shifts that are there are left as they are.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Grade, SHIFTS, simulateScan } from 'segcanary';

const [data = 'data', folder = 'sarcoma'] = process.argv.slice(2);
const simulated = join(folder, 'simulated');
mkdirSync(simulated, { recursive: true });

const rows: string[][] = [['case', 'image', 'label', 'split', 'group', 'shift', 'dataset']];
const from = (path: string) => relative(folder, resolve(data, path));
const patient = (i: number) => `STS_${String(i).padStart(3, '0')}`;
const scanOf = (name: string) => `sts2mm/${name}_ct.nii.gz`;
const truthOf = (name: string) => `sts2mm/${name}_gtv.nii.gz`;

const TEST = Array.from({ length: 8 }, (_, i) => 32 + i);
const splits = [
  ['train', Array.from({ length: 22 }, (_, i) => 1 + i)],
  ['val', Array.from({ length: 9 }, (_, i) => 23 + i)],
  ['test', TEST],
] as const;
for (const [split, patients] of splits) {
  for (const name of patients.map(patient))
    rows.push([name, from(scanOf(name)), from(truthOf(name)), split, 'id', '', 'as trained']);
}

/**
 * Real scans of another kind. Where the tumour of a patient was outlined in them too, that is the
 * truth; elsewhere none is known.
 */
const others: readonly (readonly [shift: string, scans: readonly (readonly [scan: string, truth?: string])[]])[] = [
  [
    'MR of the limb',
    [
      ['originals/STS_008_MR_T1_image.nii.gz', 'originals/STS_008_MR_T1_mask.nii.gz'],
      ['sts_ood/STS_041_mrT1_2mm.nii.gz'],
      ['sts_ood/STS_042_mrT1_2mm.nii.gz'],
      ['sts_ood/STS_043_mrT1_2mm.nii.gz'],
    ],
  ],
  [
    'PET of the limb',
    [
      ['originals/STS_008_PET_image.nii.gz', 'originals/STS_008_PET_mask.nii.gz'],
      ['sts_ood/STS_041_PET_image.nii.gz'],
      ['sts_ood/STS_042_PET_image.nii.gz'],
      ['sts_ood/STS_043_PET_image.nii.gz'],
    ],
  ],
  [
    'CT of the chest',
    [
      ['chest/ricord1a_001012_2mm.nii.gz'],
      ['chest/lidc0314_2mm.nii.gz'],
      ['chest/lungdx_A0001_B_2mm.nii.gz'],
      ['chest/lungdx_A0001_L_2mm.nii.gz'],
      ['originals/imlab_id001.nii.gz'],
      ['originals/imlab_id002.nii.gz'],
      ['originals/ibsi_lung_ct_phantom.nii.gz'],
    ],
  ],
  ['CT of the abdomen', [['chest/acrin_flt_breast_001_b_2mm.nii.gz'], ['originals/totalseg_example_ct.nii.gz']]],
  [
    'CT of the head',
    [
      ['originals/invesalius_cranium_ct_2mm.nii.gz'],
      ['originals/ichseg_headct_template_128.nii.gz'],
      ['mri/CT_AVM.nii.gz'],
    ],
  ],
  [
    'MR of another part',
    [
      ['originals/totalseg_example_mr_sm.nii.gz'],
      ['mri/MR_Gd.nii.gz'],
      ['mri/brainchop_t1_crop.nii.gz'],
      ['mri/mricron_ch2.nii.gz'],
    ],
  ],
];
for (const [shift, scans] of others) {
  for (const [scan, truth] of scans) {
    const name = scan.replace(/^.*\//, '').replace(/\.nii\.gz$/, '');
    rows.push([name, from(scan), truth ? from(truth) : '', 'test', 'ood', shift, 'other scans']);
  }
}

/** Two test patients a shift and grade, in turns. */
let turn = 0;
for (const shift of SHIFTS) {
  for (const grade of [1, 2, 3] as Grade[]) {
    for (let i = 0; i < 2; i++) {
      const number = TEST[turn++ % TEST.length];
      const name = `${patient(number)}_${shift.name}-${grade}`;
      const [image, label] = [join(simulated, `${name}.nii.gz`), join(simulated, `${name}_label.nii.gz`)];
      const how = { case: name, shift, grade, seed: number };
      const scan = resolve(data, scanOf(patient(number)));
      const truth = resolve(data, truthOf(patient(number)));
      // The scan is written last, so that with it both are there.
      if (!existsSync(image)) {
        if (shift.truth) await simulateScan({ ...how, file: truth, of: 'truth', to: label });
        await simulateScan({ ...how, file: scan, to: image });
      }
      const known = shift.truth ? relative(folder, label) : from(truthOf(patient(number)));
      rows.push([name, relative(folder, image), known, 'test', 'ood', shift.name, `simulated grade ${grade}`]);
    }
  }
}
writeFileSync(join(folder, 'cohort.csv'), `${rows.map((row) => row.join()).join('\n')}\n`);
console.log(`${rows.length - 1} cases in ${join(folder, 'cohort.csv')}`);
