import { readdirSync, readFileSync } from 'node:fs';
import { planSchema, readPlan } from '../../src/model/plans.js';
import { readSegmentationPlan } from '../../src/model/segmentation-plan.js';
import { mutateJson } from './mutate.js';
import { type Target, Wrong } from './target.js';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(at(path), 'utf8')) as Record<string, unknown>;
const fixtures = 'test/fixtures/preprocess';

/** Plans of both versions of nnU-Net, and a plan file of our own. */
const plans: readonly unknown[] = [
  read('examples/phantom/model/plans.json'),
  read('examples/sarcoma/model/plans.json'),
  ...readdirSync(at(fixtures))
    .filter((name) => name.endsWith('.json'))
    .slice(0, 40)
    .flatMap((name) => read(`${fixtures}/${name}`).plans ?? []),
  {
    patch_size: [32, 64, 64],
    spacing: [2.5, 1, 1],
    channels: [
      {
        name: 'CT',
        normalization: 'CTNormalization',
        intensity: { mean: 0, std: 1, percentile_00_5: -1, percentile_99_5: 1 },
      },
    ],
  },
];
const dataset = read('examples/phantom/model/dataset.json');

/** plans.json, plan files and dataset.json. */
export const planFiles: Target = {
  name: 'plans',
  share: 0.15,
  limit: 2000,
  async run(random) {
    const source = random.pick(plans);
    const mutated = mutateJson(source, random);
    const beside = random.oneIn(2) ? mutateJson(dataset, random) : dataset;
    const configuration = random.pick(['3d_fullres', '3d_fullres', '3d_fullres', '2d', '3d_lowres', '__proto__', '']);
    const plan = readPlan(mutated, beside, configuration, 'plans.json');
    const checked = planSchema.safeParse(plan);
    if (!checked.success)
      throw new Wrong(`a plan was taken that the detector's schema refuses: ${checked.error.issues[0]?.message}`);
    const { heads } = readSegmentationPlan(mutated as object, beside, configuration, 'plans.json');
    if (!(Number.isInteger(heads) && heads >= 1 && heads <= 65536)) throw new Wrong(`the plan has ${heads} outputs`);
  },
};
