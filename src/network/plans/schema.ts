import { z } from 'zod';
import { isAxisCodes } from '../../maths/volume/axis-codes.js';
import { maxPatchVoxels } from '../../maths/volume/grid-limits.js';
import type { AxisCodes, Plan, Scheme } from '../../plan.js';

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
/** Two percentiles, the low one first. */
export const percentilesSchema = z
  .tuple([z.number().min(0).max(100), z.number().min(0).max(100)])
  .refine(([low, high]) => low < high, 'expected two percentiles, the low one first');
/** With a slope above 0, so that what is larger stays larger. */
export const rescaleSchema = z.strictObject({ slope: positive, intercept: z.number() });
export const axisCodesSchema = z.custom<AxisCodes>(
  (value) => typeof value === 'string' && isAxisCodes(value),
  'expected three axis codes, where x, y and z run to: RAS, LPS, …',
);
export const schemeSchema = z.enum(schemes);
const resamplingSchema = z.strictObject({
  order: z.union([z.literal(0), z.literal(1), z.literal(3)]),
  orderZ: z.union([z.literal(0), z.literal(1)]),
  forceSeparateZ: z.boolean().nullable(),
});

/** The plan as `detector.json` stores it. */
export const planSchema: z.ZodType<Plan> = z
  .strictObject({
    configuration: z.string(),
    patchSize: patchSizeSchema,
    spacing: spacingSchema.nullable(),
    resizeTo: patchSizeSchema.optional(),
    transposeForward: permutationSchema,
    order: z.enum(['normalise-first', 'resample-first']),
    reader: z.union([z.enum(['as-stored', 'ras']), axisCodesSchema]),
    imageReader: z.enum(['simpleitk', 'nibabel']).optional(),
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
            clipPercentiles: percentilesSchema.optional(),
            rescale: rescaleSchema.optional(),
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
  })
  .refine(
    ({ spacing, resizeTo }) => (spacing === null) === (resizeTo !== undefined),
    'expected either spacing or resizeTo',
  );
