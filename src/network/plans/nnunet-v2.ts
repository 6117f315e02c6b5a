import { z } from 'zod';
import { SegcanaryError } from '../../errors.js';
import { parseWith, quoted } from '../../files/json.js';
import type { Intensity, Plan, PlanChannel, Resampling, Scheme } from '../../plan.js';
import { inheritConfiguration } from './inheritance.js';
import { patchSizeSchema, permutationSchema, schemes, spacingSchema } from './schema.js';

const intensitySchema = z.looseObject({
  mean: z.number(),
  std: z.number().nonnegative(),
  percentile_00_5: z.number(),
  percentile_99_5: z.number(),
});
export const intensitiesSchema = z.record(z.string(), intensitySchema);

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
const readers: ReadonlyMap<string, Plan['reader']> = new Map([
  ['SimpleITKIO', 'as-stored'],
  ['NibabelIO', 'as-stored'],
  ['NibabelIOWithReorient', 'ras'],
]);

/**
 * nnU-Net v2's plans.json.
 *
 * Source: nnunetv2 utilities/plans_handling/plans_handler.py,
 * preprocessing/preprocessors/default_preprocessor.py.
 *
 * @throws SegcanaryError `plan-invalid`, `plan-unsupported`
 */
export function readNnunetPlan(plansJson: object, datasetJson: unknown, name: string, source: string): Plan {
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
    reader,
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

/**
 * One entry a channel, from lists and records as nnU-Net's files (and our plan files) hold them.
 */
export function planChannels(
  schemeNames: readonly string[],
  useMask: readonly boolean[],
  intensities: z.output<typeof intensitiesSchema>,
  channelNames: Readonly<Record<string, string>>,
  source: string,
): PlanChannel[] {
  if (useMask.length !== schemeNames.length) {
    throw new SegcanaryError(
      'plan-invalid',
      `use_mask_for_norm has ${useMask.length} entries and normalization_schemes ${schemeNames.length}; there has to be one of each a channel.`,
      { subject: source },
    );
  }
  return schemeNames.map((scheme, c) => {
    const found = intensities[String(c)];
    if (scheme === 'CTNormalization' && found === undefined) {
      throw new SegcanaryError(
        'plan-invalid',
        `field foreground_intensity_properties_per_channel.${c} is missing; CTNormalization needs its mean, std, percentile_00_5 and percentile_99_5.`,
        { subject: source },
      );
    }
    const intensity: Intensity | undefined = found && {
      mean: found.mean,
      std: found.std,
      percentile005: found.percentile_00_5,
      percentile995: found.percentile_99_5,
    };
    return {
      name: channelNames[String(c)] ?? `channel ${c}`,
      scheme: scheme as Scheme,
      useNonzeroMask: useMask[c],
      ...(intensity && { intensity }),
    };
  });
}

const kwargsSchema = z.strictObject({
  is_seg: z.literal(false).default(false),
  order: z.union([z.literal(0), z.literal(1), z.literal(3)]).default(3),
  order_z: z.union([z.literal(0), z.literal(1)]).default(0),
  // False is the default of resample_data_or_seg_to_shape; plans always state null, which decides
  // by anisotropy.
  force_separate_z: z.boolean().nullable().default(false),
  separate_z_anisotropy_threshold: z.literal(3).default(3),
});

export function readResampling(
  kwargs: Readonly<Record<string, unknown>>,
  source: string,
  field = 'resampling_fn_data_kwargs',
): Resampling {
  const known = parseWith(kwargs, kwargsSchema, `${source}, ${field}`, 'plan-unsupported');
  return { order: known.order, orderZ: known.order_z, forceSeparateZ: known.force_separate_z };
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
