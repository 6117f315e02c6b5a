import { z } from 'zod';
import { SegcanaryError } from '../../errors.js';
import { parseWith, quoted } from '../../files/json.js';
import type { Plan, Resampling } from '../../plan.js';
import { intensitiesSchema, planChannels } from './channels.js';
import { inheritConfiguration } from './inheritance.js';
import type { PlanReader, PlanSource } from './reader.js';
import { readResampling } from './resampling.js';
import { patchSizeSchema, permutationSchema, schemes, spacingSchema } from './schema.js';

/**
 * nnU-Net v2's plans.json, current or as written before the `architecture` block.
 *
 * Source: nnunetv2 utilities/plans_handling/plans_handler.py,
 * preprocessing/preprocessors/default_preprocessor.py.
 */
export const nnunetV2: PlanReader = {
  matches: (json) => 'configurations' in json,
  read: readPlan,
  output: { averages: 'logits', resampling: exportResampling },
};

const plansSchema = z.looseObject({
  configurations: z.record(z.string(), z.looseObject({})),
  transpose_forward: permutationSchema,
  image_reader_writer: z.string().default('SimpleITKIO'),
  foreground_intensity_properties_per_channel: intensitiesSchema.optional(),
  // Plans written before channels had names.
  foreground_intensity_properties_by_modality: intensitiesSchema.optional(),
});

const configurationSchema = z.looseObject({
  patch_size: patchSizeSchema,
  spacing: spacingSchema,
  normalization_schemes: z.array(z.string()).min(1),
  use_mask_for_norm: z.array(z.boolean()),
  preprocessor_name: z.string().default('DefaultPreprocessor'),
  resampling_fn_data: z.string().default('resample_data_or_seg_to_shape'),
  resampling_fn_data_kwargs: z.record(z.string(), z.unknown()).default({}),
});

const datasetSchema = z.looseObject({
  channel_names: z.record(z.string(), z.string()).optional(),
  modality: z.record(z.string(), z.string()).optional(),
});

/** A Map, because an object has names of its own (`toString`). */
const readers: ReadonlyMap<string, Required<Pick<Plan, 'reader' | 'imageReader'>>> = new Map([
  ['SimpleITKIO', { reader: 'as-stored', imageReader: 'simpleitk' }],
  ['NibabelIO', { reader: 'as-stored', imageReader: 'nibabel' }],
  ['NibabelIOWithReorient', { reader: 'ras', imageReader: 'nibabel' }],
]);

function readPlan(plansJson: object, { dataset: datasetJson, configuration: name, source }: PlanSource): Plan {
  const plans = parseWith(plansJson, plansSchema, source, 'plan-invalid');
  const dataset = parseWith(datasetJson ?? {}, datasetSchema, `dataset.json beside ${source}`, 'plan-invalid');
  const names = Object.keys(plans.configurations);
  if (!names.includes(name)) {
    throw unsupported(source, `has no configuration "${name}"`, usable(plans.configurations, source));
  }
  const raw = inheritConfiguration(plans.configurations, name, source);
  const refusal = refuseConfiguration(raw);
  if (refusal) throw unsupported(source, `configuration "${name}" ${refusal}`, usable(plans.configurations, source));
  const reader = readers.get(plans.image_reader_writer);
  if (reader === undefined) {
    throw new SegcanaryError(
      'plan-unsupported',
      `image_reader_writer "${plans.image_reader_writer}" is not one that segcanary reproduces; it knows ${[...readers.keys()].join(', ')}.`,
      { subject: source },
    );
  }
  const where = { configurations: { [name]: raw } };
  const { configurations } = parseWith(
    where,
    z.looseObject({ configurations: z.looseObject({ [name]: configurationSchema }) }),
    source,
    'plan-invalid',
  );
  const configuration = configurations[name] as z.output<typeof configurationSchema>;
  return {
    configuration: name,
    patchSize: configuration.patch_size,
    spacing: configuration.spacing,
    transposeForward: plans.transpose_forward as Plan['transposeForward'],
    order: 'normalise-first',
    ...reader,
    cropToNonzero: true,
    channels: planChannels(
      configuration.normalization_schemes,
      configuration.use_mask_for_norm,
      plans.foreground_intensity_properties_per_channel ?? plans.foreground_intensity_properties_by_modality ?? {},
      dataset.channel_names ?? dataset.modality ?? {},
      source,
    ),
    resampling: readResampling(configuration.resampling_fn_data_kwargs, source),
  };
}

/** How nnU-Net v2's plan resamples logits. */
function exportResampling(plansJson: object, { configuration, source }: PlanSource): Resampling {
  const { configurations } = plansJson as { configurations: Record<string, Record<string, unknown>> };
  const raw = inheritConfiguration(configurations, configuration, source);
  const resampler = raw.resampling_fn_probabilities ?? 'resample_data_or_seg_to_shape';
  if (resampler !== 'resample_data_or_seg_to_shape') {
    throw new SegcanaryError(
      'plan-unsupported',
      `configuration "${configuration}" resamples its output with "${quoted(resampler)}"; segcanary reproduces resample_data_or_seg_to_shape only.`,
      { subject: source },
    );
  }
  const kwargs = (raw.resampling_fn_probabilities_kwargs ?? {}) as Record<string, unknown>;
  return readResampling({ order: 1, order_z: 0, ...kwargs }, source, 'resampling_fn_probabilities_kwargs');
}

/** Why a configuration cannot be used, or null. */
function refuseConfiguration(raw: Readonly<Record<string, unknown>>): string | null {
  const { patch_size, previous_stage, preprocessor_name, resampling_fn_data, normalization_schemes } = raw;
  if (Array.isArray(patch_size) && patch_size.length === 2) return 'is two-dimensional';
  if (typeof previous_stage === 'string') return `is the second stage of a cascade (after "${previous_stage}")`;
  if (typeof preprocessor_name === 'string' && preprocessor_name !== 'DefaultPreprocessor') {
    return `uses the preprocessor "${preprocessor_name}", segcanary reproduces DefaultPreprocessor only`;
  }
  if (typeof resampling_fn_data === 'string' && resampling_fn_data !== 'resample_data_or_seg_to_shape') {
    return `resamples with "${resampling_fn_data}", segcanary reproduces resample_data_or_seg_to_shape only`;
  }
  if (Array.isArray(normalization_schemes)) {
    const unknown = normalization_schemes.find((scheme) => !schemes.includes(scheme));
    if (unknown !== undefined) return `normalises with "${quoted(unknown)}", segcanary knows ${schemes.join(', ')}`;
  }
  return null;
}

/** Names of the configurations that segcanary can use. */
function usable(configurations: Readonly<Record<string, Record<string, unknown>>>, source: string): string[] {
  return Object.keys(configurations).filter((name) => {
    try {
      const raw = inheritConfiguration(configurations, name, source);
      return refuseConfiguration(raw) === null && configurationSchema.safeParse(raw).success;
    } catch {
      return false;
    }
  });
}

function unsupported(source: string, what: string, would: readonly string[]): SegcanaryError {
  const advice = would.length > 0 ? `these would do: ${would.join(', ')}` : 'none of its configurations would do';
  return new SegcanaryError('plan-unsupported', `${what}; ${advice}.`, { subject: source });
}
