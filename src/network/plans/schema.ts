import { z } from 'zod';
import type { Triple } from '../../chunks.js';

/** What nnU-Net calls its intensity normalisations. */
export const schemes = [
  'CTNormalization',
  'ZScoreNormalization',
  'NoNormalization',
  'RescaleTo01Normalization',
  'RGBTo01Normalization',
] as const;
export type Scheme = (typeof schemes)[number];

/** Intensities of the foreground voxels of the training set. */
export interface Intensity {
  readonly mean: number;
  readonly std: number;
  readonly percentile005: number;
  readonly percentile995: number;
}

/** How one channel is normalised. */
export interface PlanChannel {
  readonly name: string;
  readonly scheme: Scheme;
  /**
   * Normalise the hole-filled non-zero mask only. Acts on ZScoreNormalization alone, as in nnU-Net.
   */
  readonly useNonzeroMask: boolean;
  /** Present wherever the plan has it; CTNormalization always has it. */
  readonly intensity?: Intensity | undefined;
}

/**
 * How a scan is made into what the network takes: everything that segcanary needs of a plan, and
 * nothing that it does not.
 */
export interface Plan {
  readonly configuration: string;
  /** Voxels of a patch along [z, y, x] of the network grid, that is after `transposeForward`. */
  readonly patchSize: Triple;
  /** Target spacing in mm along [z, y, x] of the network grid. */
  readonly spacing: Triple;
  /** Axis i of the network grid is axis transposeForward[i] of the image. */
  readonly transposeForward: Triple;
  /** nnU-Net v2 normalises first, v1 resamples first. */
  readonly order: 'normalise-first' | 'resample-first';
  /** Whether the image's axes are taken as the file stores them or brought to RAS first. */
  readonly reader: 'as-stored' | 'ras';
  readonly cropToNonzero: boolean;
  readonly channels: readonly PlanChannel[];
  readonly resampling: {
    /** Spline order of the image, in the plane where z is separate. */
    readonly order: 0 | 1 | 3;
    /** Order along a separate axis. */
    readonly orderZ: 0 | 1;
    /** null: decided by the anisotropy of the spacings. */
    readonly forceSeparateZ: boolean | null;
  };
}

const positive = z.number().positive();
const voxels = z.int().positive();

/** The three axes, each once. */
export const permutationSchema = z
  .tuple([z.int(), z.int(), z.int()])
  .refine((axes) => [0, 1, 2].every((axis) => axes.includes(axis)), 'expected a permutation of [0, 1, 2]');

/**
 * Voxels of a patch: 512 x 512 x 256. nnU-Net plans a tenth of it for the largest GPUs, and what is
 * beyond is a slip that would be allocated.
 */
export const maxPatchVoxels = 2 ** 26;
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
