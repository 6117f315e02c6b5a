import { z } from 'zod';
import { SegcanaryError } from '../../errors.js';
import { parseWith } from '../../files/json.js';
import type { Plan, Resampling, Scheme, SegmentationPlan } from '../../plan.js';
import { planChannels } from './channels.js';
import type { PlanReader, PlanSource } from './reader.js';
import { readResampling } from './resampling.js';
import { patchSizeSchema, permutationSchema, spacingSchema } from './schema.js';

/**
 * nnU-Net v1's plans.pkl as `scripts/export_nnunet_v1.py` writes it: the same dictionary, as JSON.
 *
 * Source: nnunet 1.7.1 training/network_training/nnUNetTrainer.py `process_plans`,
 * run/default_configuration.py, preprocessing/preprocessing.py, inference/predict.py.
 */
export const nnunetV1: PlanReader = {
  matches: (json) => 'plans_per_stage' in json,
  read: readPlan,
  output: { averages: 'probabilities', resampling: exportResampling, countedLabels },
};

/**
 * Dictionaries of nnU-Net v1 are keyed by the number of the channel or of the resolution (its
 * "stage"); JSON has them as text.
 */
const byNumber = <T extends z.ZodType>(of: T) => z.record(z.string().regex(/^\d+$/), of);

/** Channels of a scan: multispectral ones have tens. */
const maxChannels = 256;
/** Labels are written as 16 bits. */
const maxClasses = 65_535;

const plansSchema = z.looseObject({
  plans_per_stage: byNumber(z.looseObject({ patch_size: z.array(z.int().positive()), current_spacing: spacingSchema })),
  // Both are counted up to: a slip may not become a list of a thousand million.
  num_modalities: z.int().positive().max(maxChannels),
  num_classes: z.int().positive().max(maxClasses),
  modalities: byNumber(z.string()).default({}),
  normalization_schemes: byNumber(z.string()),
  use_mask_for_norm: byNumber(z.boolean()),
  dataset_properties: z.looseObject({
    intensityproperties: byNumber(
      z.looseObject({
        mean: z.number(),
        sd: z.number().nonnegative(),
        percentile_00_5: z.number(),
        percentile_99_5: z.number(),
      }),
    )
      .nullable()
      .default(null),
  }),
  transpose_forward: permutationSchema.nullish(),
  preprocessor_name: z.string().nullish(),
  segmentation_export_params: z
    .looseObject({
      force_separate_z: z.boolean().nullable(),
      interpolation_order: z.int(),
      interpolation_order_z: z.int(),
    })
    .nullish(),
});

/** Maps, because an object has names of its own (`toString`). */
const schemeNames: ReadonlyMap<string, Scheme> = new Map([
  ['CT', 'CTNormalization'],
  ['nonCT', 'ZScoreNormalization'],
  ['noNorm', 'NoNormalization'],
]);
/** Spline order of the image by the name of the preprocessor. */
const preprocessors: ReadonlyMap<string, 1 | 3> = new Map([
  ['GenericPreprocessor', 3],
  ['GenericPreprocessor_linearResampling', 1],
]);

function readPlan(plansJson: object, { configuration, source }: PlanSource): Plan {
  const plans = parseWith(plansJson, plansSchema, source, 'plan-invalid');
  const resolutions = Object.keys(plans.plans_per_stage).sort((a, b) => Number(a) - Number(b));
  const chosen = configuration === '3d_lowres' && resolutions.length > 1 ? resolutions[0] : resolutions.at(-1);
  if (chosen === undefined || !['3d_fullres', '3d_lowres'].includes(configuration)) {
    throw unsupported(source, `configuration "${configuration}" of nnU-Net v1 is not one of 3d_fullres, 3d_lowres`);
  }
  const resolution = plans.plans_per_stage[chosen];
  if (resolution.patch_size.length !== 3) throw unsupported(source, 'the plan is two-dimensional');
  const patchSize = parseWith(
    resolution.patch_size,
    patchSizeSchema,
    `${source}, plans_per_stage.${chosen}.patch_size`,
    'plan-invalid',
  );
  const preprocessor = plans.preprocessor_name ?? 'GenericPreprocessor';
  const order = preprocessors.get(preprocessor);
  if (order === undefined) {
    throw unsupported(
      source,
      `the preprocessor "${preprocessor}" is not one of ${[...preprocessors.keys()].join(', ')}`,
    );
  }
  const channels = Array.from({ length: plans.num_modalities }, (_, c) => String(c));
  const intensities = Object.entries(plans.dataset_properties.intensityproperties ?? {});
  return {
    configuration,
    patchSize,
    spacing: resolution.current_spacing,
    transposeForward: (plans.transpose_forward ?? [0, 1, 2]) as Plan['transposeForward'],
    order: 'resample-first',
    reader: 'as-stored',
    // nnU-Net v1 has no other.
    imageReader: 'simpleitk',
    cropToNonzero: true,
    channels: planChannels(
      channels.map((c) => schemeOf(plans.normalization_schemes[c], c, source)),
      channels.map((c) => plans.use_mask_for_norm[c] ?? false),
      Object.fromEntries(intensities.map(([c, { sd, ...rest }]) => [c, { ...rest, std: sd }])),
      plans.modalities,
      source,
    ),
    resampling: { order, orderZ: 0, forceSeparateZ: null },
  };
}

/**
 * Labels of nnU-Net v1 where no dataset.json names them: background, then the classes that its plan
 * counts.
 */
function countedLabels(plansJson: object, source: string): SegmentationPlan['labels'] {
  const { num_classes: classes } = parseWith(plansJson, plansSchema, source, 'plan-invalid');
  const entries = Array.from({ length: classes }, (_, i): [string, number] => [`class ${i + 1}`, i + 1]);
  return Object.fromEntries([['background', 0], ...entries]);
}

/**
 * How nnU-Net v1 resamples its probabilities: linear, nearest along a separate z, unless the plan
 * has been tuned otherwise.
 */
function exportResampling(plansJson: object, { source }: PlanSource): Resampling {
  const { segmentation_export_params: tuned } = parseWith(plansJson, plansSchema, source, 'plan-invalid');
  return readResampling(
    {
      order: tuned?.interpolation_order ?? 1,
      order_z: tuned?.interpolation_order_z ?? 0,
      force_separate_z: tuned?.force_separate_z ?? null,
    },
    source,
    'segmentation_export_params',
  );
}

function schemeOf(name: string | undefined, channel: string, source: string): Scheme {
  const scheme = schemeNames.get(name ?? '');
  if (scheme !== undefined) return scheme;
  throw unsupported(
    source,
    `channel ${channel} is normalised with "${name}", which is not one of ${[...schemeNames.keys()].join(', ')}`,
  );
}

function unsupported(source: string, what: string): SegcanaryError {
  return new SegcanaryError('plan-unsupported', `${what}; segcanary reproduces these alone.`, { subject: source });
}
