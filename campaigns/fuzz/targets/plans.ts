import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPlan } from '../../../src/network/plans/read.js';
import { planSchema } from '../../../src/network/plans/schema.js';
import { readSegmentationPlan } from '../../../src/network/plans/segmentation.js';
import type { Plan } from '../../../src/plan.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { mutateJson } from '../mutate/json.js';
import type { Target } from '../target.js';

const file = 'plans.json';
const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Source {
  readonly plans: string;
  readonly dataset: string | undefined;
}

const planFile = JSON.stringify({
  name: 'custom',
  patch_size: [96, 96, 64],
  spacing: [1.5, 1.5, 2],
  transpose_forward: [2, 1, 0],
  orientation: 'ras',
  channel_names: { 0: 'CT', 1: 'PET' },
  normalization_schemes: ['CTNormalization', 'ZScoreNormalization'],
  use_mask_for_norm: [false, true],
  foreground_intensity_properties_per_channel: { 0: { percentile_00_5: -57, percentile_99_5: 164, mean: 10, std: 20 } },
  resampling: { order: 1, order_z: 0, force_separate_z: false },
});

/** Every plans.json of the tests (nnU-Net v2 and v1), and a plan file. */
const sources: Source[] = [{ plans: planFile, dataset: undefined }];

/** plans.json, dataset.json and plan files through the plan readers. */
export const plans: Target = {
  name: 'plans',
  weight: 40,
  limit: 2000,
  file,
  async open() {
    const folder = join(root, 'test/fixtures/segment');
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (!name.endsWith('plans.json')) continue;
      const read = (path: string) => readFileSync(join(folder, path), 'utf8');
      sources.push({ plans: read(name), dataset: read(name.replace('plans.json', 'dataset.json')) });
    }
  },
  run(dice) {
    const source = dice.pick(sources);
    const changed = dice.int(0, 9);
    const plansJson = parsed(changed === 0 ? source.plans : mutateJson(source.plans, dice), dice);
    const datasetJson = source.dataset && parsed(changed < 3 ? mutateJson(source.dataset, dice) : source.dataset, dice);
    const configuration = dice.chance(0.9) ? '3d_fullres' : dice.pick(['2d', '3d_lowres', '__proto__', 'toString', '']);
    const plan = readPlan(plansJson, datasetJson, configuration, file);
    checkPlan(plan);
    checkFields(plan, plansJson as Json, configuration);
    const { heads, labels, largestLabel } = readSegmentationPlan(plansJson as object, datasetJson, configuration, file);
    expect(
      heads >= 1 && heads <= 1e6 && Object.keys(labels).length >= 1,
      `${heads} heads of ${Object.keys(labels).length} labels`,
    );
    expect(Number.isSafeInteger(largestLabel), `the largest label is ${largestLabel}`);
  },
};

/**
 * JSON, or what lies in its place where the text is none: the readers get what JSON.parse gives.
 */
function parsed(text: string, dice: Dice): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return dice.pick([null, [], 1, 'text', {}, undefined]);
  }
}

/** What every stage relies on. */
export function checkPlan(plan: Plan): void {
  const { success, error } = planSchema.safeParse(plan);
  expect(success, `gave a plan that a detector refuses: ${error?.message.replace(/\s+/g, ' ')}`);
  expect(plan.patchSize.reduce((a, n) => a * n, 1) <= 2 ** 28, `a patch of ${plan.patchSize}`);
  expect(plan.channels.length <= 4096, `${plan.channels.length} channels`);
}

type Json = Readonly<Record<string, never>>;

/**
 * The numbers that come straight from the file, read a second time where no inheritance hides them.
 */
function checkFields(plan: Plan, json: Json, configuration: string): void {
  const own =
    'plans_per_stage' in json ? null : 'configurations' in json ? (json.configurations as Json)[configuration] : json;
  if (own === null || 'inherits_from' in (own as Json)) return;
  const { patch_size, spacing } = own as Json;
  expect(String(plan.patchSize) === String(patch_size), `patch ${plan.patchSize}, not ${patch_size}`);
  expect(String(plan.spacing) === String(spacing), `spacing ${plan.spacing}, not ${spacing}`);
}
