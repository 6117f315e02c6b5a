import { readCohort } from '../../src/evaluate/cohort.js';
import { mutateBytes } from './mutate.js';
import { type Target, Wrong } from './target.js';

const csv = Buffer.from(`case,image,label,split,group,shift,dataset
train_01,images/train_01.nii.gz,,train,id,,ours
train_02,"images/a;b.nii.gz",,train,id,,ours
val_01,images/val_01.nii.gz,labels/val_01.nii.gz,val,id,,ours
test_01,images/test_01.nii.gz,labels/test_01.nii.gz,test,id,,ours
test_02,ood/ct_01.nii.gz,ood/seg_01.nii.gz,test,ood,"ground, glass",mosmed
`);

/** The CSV of a cohort. */
export const cohort: Target = {
  name: 'cohort',
  share: 0.08,
  limit: 2000,
  async run(random) {
    const cases = readCohort(Buffer.from(mutateBytes(csv, random)).toString('utf8'), 'cohort.csv');
    if (new Set(cases.map((c) => c.case)).size !== cases.length) throw new Wrong('two scans have one name');
    if (cases.some((c) => c.images.length === 0 || /[/\\]/.test(c.case)))
      throw new Wrong('a scan has no file, or a name that is a path');
  },
};
