import { z } from 'zod';
import { isAxisCodes } from '../../maths/volume/axis-codes.js';
import type { ImageReader, Plan } from '../../plan.js';
import { intensitiesSchema } from './channels.js';
import {
  patchSizeSchema,
  percentilesSchema,
  permutationSchema,
  rescaleSchema,
  schemeSchema,
  spacingSchema,
} from './schema.js';

const orientationSchema = z.string().transform((given, context): Plan['reader'] => {
  if (given === 'as-stored') return given;
  const codes = given.toUpperCase();
  // What nnU-Net's own reader does has a name of its own in detectors.
  if (codes === 'RAS') return 'ras';
  if (isAxisCodes(codes)) return codes;
  context.addIssue('expected as-stored, or where x, y and z run to: RAS, LPS, LAI, …');
  return z.NEVER;
});

/** By nnU-Net's names. */
const imageReaderSchema = z
  .enum(['SimpleITKIO', 'NibabelIO'])
  .transform((name): ImageReader => (name === 'SimpleITKIO' ? 'simpleitk' : 'nibabel'));

const fields = {
  name: z.string().default('custom'),
  patch_size: patchSizeSchema,
  spacing: spacingSchema.optional(),
  resize_to: patchSizeSchema.optional(),
  order: z.enum(['normalise-first', 'resample-first']).default('normalise-first'),
  normalization_schemes: z.array(schemeSchema).min(1),
  use_mask_for_norm: z.array(z.boolean()).optional(),
  clip_percentiles: z.array(percentilesSchema.nullable()).optional(),
  rescale_after_norm: z.array(rescaleSchema.nullable()).optional(),
  foreground_intensity_properties_per_channel: intensitiesSchema.default({}),
  channel_names: z.record(z.string(), z.string()).default({}),
  transpose_forward: permutationSchema.default([0, 1, 2]),
  orientation: orientationSchema.default('as-stored'),
  image_reader_writer: imageReaderSchema.optional(),
  crop_to_nonzero: z.boolean().default(false),
  resampling: z
    .strictObject({
      order: z.union([z.literal(0), z.literal(1), z.literal(3)]).optional(),
      order_z: z.union([z.literal(0), z.literal(1)]).optional(),
      force_separate_z: z.boolean().nullable().optional(),
    })
    .default({}),
  labels: z.record(z.string(), z.int().nonnegative()).optional(),
};

/**
 * The plan file as it is written. Strict, so that a misspelt field is refused and not silently left
 * at its default, and so are fields that contradict each other.
 */
export const planFileSchema = z.strictObject(fields).superRefine((file, context) => {
  for (const { path, message } of contradictions(file)) context.addIssue({ code: 'custom', path, message });
});

export type PlanFile = z.output<z.ZodObject<typeof fields>>;

interface Contradiction {
  readonly path: (string | number)[];
  readonly message: string;
}

function contradictions(file: PlanFile): Contradiction[] {
  return [...ofTheGrid(file), ...ofTheChannels(file)];
}

function ofTheGrid({ spacing, resize_to, patch_size, resampling }: PlanFile): Contradiction[] {
  if (resize_to === undefined)
    return spacing ? [] : [{ path: ['spacing'], message: 'expected spacing, or resize_to for one shape of all scans' }];
  const found: Contradiction[] = [];
  if (spacing)
    found.push({
      path: ['spacing'],
      message: 'resize_to makes one shape of all scans, whatever their spacing; give one of the two',
    });
  if (patch_size.some((n, axis) => n > resize_to[axis]))
    found.push({
      path: ['patch_size'],
      message: 'a patch is larger than resize_to, so the network would see padding; make it as large at most',
    });
  if (resampling.order === 3)
    found.push({ path: ['resampling', 'order'], message: 'resize_to takes order 0 (nearest) or 1 (linear)' });
  for (const field of ['order_z', 'force_separate_z'] as const)
    if (resampling[field] !== undefined && resampling[field] !== null && resampling[field] !== false)
      found.push({ path: ['resampling', field], message: 'resize_to takes no axis on its own; leave this field out' });
  return found;
}

function ofTheChannels(file: PlanFile): Contradiction[] {
  const { normalization_schemes: schemes, use_mask_for_norm: masks } = file;
  const found: Contradiction[] = [];
  for (const field of ['clip_percentiles', 'rescale_after_norm'] as const) {
    const entries = file[field];
    if (entries && entries.length !== schemes.length)
      found.push({
        path: [field],
        message: `expected one entry a channel, ${schemes.length}, not ${entries.length}; null where a channel has none`,
      });
    entries?.forEach((entry, c) => {
      if (entry !== null && masks?.[c])
        found.push({
          path: [field, c],
          message:
            'use_mask_for_norm leaves voxels outside the mask as they are, which this would not; use one of the two',
        });
    });
  }
  file.clip_percentiles?.forEach((entry, c) => {
    const scheme = schemes[c];
    if (
      entry !== null &&
      scheme !== undefined &&
      scheme !== 'ZScoreNormalization' &&
      scheme !== 'RescaleTo01Normalization'
    )
      found.push({
        path: ['clip_percentiles', c],
        message: `goes before ZScoreNormalization or RescaleTo01Normalization, not ${scheme}`,
      });
  });
  return found;
}
