import { z } from 'zod';
import { parseWith } from '../../files/json.js';
import type { Plan } from '../../plan.js';
import { intensitiesSchema, planChannels } from './channels.js';
import type { PlanReader, PlanSource } from './reader.js';
import { patchSizeSchema, permutationSchema, schemeSchema, spacingSchema } from './schema.js';

/**
 * segcanary's plan file for a model that is not nnU-Net's: nnU-Net's names for the fields, all on
 * the top level. docs/plan-file.md. It says how scans are prepared, not how logits become labels.
 */
export const planFile: PlanReader = {
  matches: (json) => 'patch_size' in json,
  read: readPlan,
};

/** Strict, so that a misspelt field is refused and not silently left at its default. */
const planFileSchema = z.strictObject({
  name: z.string().default('custom'),
  patch_size: patchSizeSchema,
  spacing: spacingSchema,
  normalization_schemes: z.array(schemeSchema).min(1),
  use_mask_for_norm: z.array(z.boolean()).optional(),
  foreground_intensity_properties_per_channel: intensitiesSchema.default({}),
  channel_names: z.record(z.string(), z.string()).default({}),
  transpose_forward: permutationSchema.default([0, 1, 2]),
  orientation: z.enum(['as-stored', 'ras']).default('as-stored'),
  crop_to_nonzero: z.boolean().default(false),
  resampling: z
    .strictObject({
      order: z.union([z.literal(0), z.literal(1), z.literal(3)]).default(3),
      order_z: z.union([z.literal(0), z.literal(1)]).default(0),
      force_separate_z: z.boolean().nullable().default(null),
    })
    .default({ order: 3, order_z: 0, force_separate_z: null }),
});

function readPlan(json: object, { source }: PlanSource): Plan {
  const file = parseWith(json, planFileSchema, source, 'plan-invalid');
  const { order, order_z, force_separate_z } = file.resampling;
  return {
    configuration: file.name,
    patchSize: file.patch_size,
    spacing: file.spacing,
    transposeForward: file.transpose_forward as Plan['transposeForward'],
    order: 'normalise-first',
    reader: file.orientation,
    cropToNonzero: file.crop_to_nonzero,
    channels: planChannels(
      file.normalization_schemes,
      file.use_mask_for_norm ?? file.normalization_schemes.map(() => false),
      file.foreground_intensity_properties_per_channel,
      file.channel_names,
      source,
    ),
    resampling: { order, orderZ: order_z, forceSeparateZ: force_separate_z },
  };
}
