import { z } from 'zod';
import { maxPatchVoxels } from '../../maths/volume/grid-limits.js';
import type { Plan, Scheme } from '../../plan.js';

/** What nnU-Net calls its intensity normalisations. */
export const schemes = [
  'CTNormalization',
  'ZScoreNormalization',
  'NoNormalization',
  'RescaleTo01Normalization',
  'RGBTo01Normalization',
] as const satisfies readonly Scheme[];

const positive = z.number().positive();
const voxels = z.int().positive();

/** The three axes, each once. */
export const permutationSchema = z
  .tuple([z.int(), z.int(), z.int()])
  .refine((axes) => [0, 1, 2].every((axis) => axes.includes(axis)), 'expected a permutation of [0, 1, 2]');

export const patchSizeSchema = z
  .tuple([voxels, voxels, voxels])
  .refine(([z, y, x]) => z * y * x <= maxPatchVoxels, `expected at most ${maxPatchVoxels} voxels in a patch`);
export const spacingSchema = z.tuple([positive, positive, positive]);
export const schemeSchema = z.enum(schemes);
const resamplingSchema = z.strictObject({
  order: z.union([z.literal(0), z.literal(1), z.literal(3)]),
  orderZ: z.union([z.literal(0), z.literal(1)]),
  forceSeparateZ: z.boolean().nullable(),
});

/** The plan as `detector.json` stores it. */
export const planSchema: z.ZodType<Plan> = z.strictObject({
  configuration: z.string(),
  patchSize: patchSizeSchema,
  spacing: spacingSchema,
  transposeForward: permutationSchema,
  order: z.enum(['normalise-first', 'resample-first']),
  reader: z.enum(['as-stored', 'ras']),
  cropToNonzero: z.boolean(),
  channels: z
    .array(
      z
        .strictObject({
          name: z.string(),
          scheme: schemeSchema,
          useNonzeroMask: z.boolean(),
          intensity: z
            .strictObject({
              mean: z.number(),
              std: z.number().nonnegative(),
              percentile005: z.number(),
              percentile995: z.number(),
            })
            .optional(),
        })
        .refine(
          (channel) => channel.scheme !== 'CTNormalization' || channel.intensity !== undefined,
          'CTNormalization needs intensity',
        ),
    )
    .min(1)
    // No modality has more, and one more costs memory as the first does.
    .max(64),
  resampling: resamplingSchema,
});
