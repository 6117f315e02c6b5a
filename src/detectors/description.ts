import { z } from 'zod';
import { isAxisCodes } from '../maths/volume/axis-codes.js';
import { planSchema } from '../network/plans/schema.js';
import type { Plan } from '../plan.js';
import { ESTIMATORS } from './estimators.js';
import { type Features, isMeasured, partsOf } from './method.js';
import { ihf } from './methods/ihf.js';
import { METHOD_NAMES, patchMethod } from './methods/registry.js';
import { OUTPUT_METHOD_NAMES } from './outputs/registry.js';
import { qualitySchema } from './quality/model.js';
import { type TrainingIntensities, trainingIntensitiesSchema } from './training-intensities.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
const count = z.int().positive();

const calibrationSchema = z
  .object({
    cases: z.array(z.object({ case: z.string(), score: z.number() })).min(1),
    min: z.number(),
    max: z.number(),
    /** The level that was asked for. Absent before it could be: .95. */
    level: z.number().gt(0).lt(1).optional(),
    boundary: z.object({ paper: z.number(), conformal: z.number(), level: z.number().gt(0).lt(1) }),
  })
  // The uncertainty is scaled by both: an edited one would be wrong in silence.
  .refine(
    ({ cases, min, max }) =>
      cases.every(({ score }) => score >= min && score <= max) &&
      cases.some(({ score }) => score === min) &&
      cases.some(({ score }) => score === max),
    'expected min and max to be those of the scores',
  );

/** What every detector.json of format version 1 has. */
const common = {
  formatVersion: z.literal(1),
  /** 'segcanary x.y.z'. */
  createdBy: z.string(),
  /** How scans are brought to the network: the plan itself, so that scoring needs no plans.json. */
  plan: planSchema,
  /**
   * sha256 of the bytes of each training scan, so that `calibrate` can refuse them: a threshold
   * drawn from training scans promises nothing.
   */
  trainingScans: z.array(hash).optional(),
  /**
   * The same of the voxels of each, however it is stored (scans/identify.ts). Absent before it was
   * kept.
   */
  trainingVoxels: z.array(hash).optional(),
  /**
   * The same of the voxels as they lie in the world, so that a scan that was turned or mirrored
   * with its affine is known too. Absent before it was kept.
   */
  trainingOriented: z.array(hash).optional(),
  /**
   * Axis codes of the training scans (`LPS`), each once: a scan that lies otherwise is warned of.
   */
  orientations: z
    .array(z.string().refine((codes): boolean => isAxisCodes(codes), 'expected three axis codes'))
    .optional(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  calibration: calibrationSchema.nullable(),
  /** What Dice to expect. Absent where it was not calibrated with labels. */
  quality: qualitySchema.optional(),
  /** To explain verdicts by. Absent before it was kept, and where nothing is fitted. */
  trainingIntensities: trainingIntensitiesSchema.optional(),
  /** sha256 of all other fields (seal.ts). Absent before it was kept. */
  descriptionSha256: hash.optional(),
};

/** Whatever is kept of channels is kept of each. */
const everyChannel = ({ plan, trainingIntensities }: { plan: Plan; trainingIntensities?: TrainingIntensities }) =>
  trainingIntensities === undefined || trainingIntensities.length === plan.channels.length;
const everyChannelSentence = 'expected trainingIntensities of every channel of the plan';

/** Each once: n axes are 2^n passes. */
const mirrorAxesSchema = z
  .array(z.int().min(0).max(2))
  .refine((axes) => new Set(axes).size === axes.length, 'expected each axis once');

const model = z.object({ name: z.string(), sha256: hash });
/** Distance between patches as a fraction of the patch. */
const stepSize = z.number().gt(0).max(1);

/**
 * Patches are judged by the features of the frozen encoder: encoder.onnx and
 * statistics.safetensors.
 */
const featuresSchema = z
  .object({
    ...common,
    /** Absent before there were others. */
    kind: z.literal('features').default('features'),
    stepSize,
    /** Which patches of the sliding window. Absent before there was a choice. */
    tiles: z.enum(['all', 'cover']).default('all'),
    /**
     * The tensor that the encoder was cut at; shape without the batch axis; whether it was the
     * suggested one.
     */
    tap: z.object({ name: z.string(), shape: z.array(count), suggested: z.boolean() }),
    /**
     * The tensors that the method measures, in the order of the encoder's stages; null where it
     * reads the tap alone. Their shape [z, y, x] is absent where none was kept.
     */
    stages: z
      .array(z.object({ name: z.string(), channels: count, shape: z.array(count).length(3).optional() }))
      .nullable(),
    /**
     * Channels of each group of neighbours at the tap, to explain verdicts by: how far each moves
     * is in statistics.safetensors. Absent before it was kept, and where the method judges stages.
     */
    channelGroups: z.array(count).min(1).max(4096).optional(),
    /** How an activation becomes an embedding, and the shape before it is flattened to d. */
    pooling: z.object({ kind: z.literal('average'), maxElements: z.literal(10000), shape: z.array(count) }),
    /** How a patch is judged: a name of detectors/methods/registry.ts. */
    method: z.enum(METHOD_NAMES),
    /**
     * How the covariance of the method's Gaussian was estimated. Null where it has none, as are
     * shrinkage, rank and conditionNumber.
     */
    estimator: z.enum(ESTIMATORS).nullable(),
    shrinkage: z.number().min(0).max(1).nullable(),
    /** Training patches. */
    n: count,
    /** Features. */
    d: count,
    /** Numerical rank of the empirical covariance. */
    rank: count.nullable(),
    conditionNumber: z.number().min(0).nullable(),
    /** Training scans. */
    cases: count,
    sourceModel: model,
    encoderSha256: hash,
    statisticsSha256: hash,
  })
  .refine(({ method, ...description }) => {
    const { features } = patchMethod(method)!;
    return description.d === featureCount(features, description);
  }, 'expected d to be the number of features that the tap, the pooling and the stages give')
  .refine(everyChannel, everyChannelSentence)
  .refine(
    ({ tap, channelGroups }) => channelGroups === undefined || sumOf(channelGroups) === tap.shape[0],
    'expected channelGroups of every channel of the tap',
  );

const sumOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

/** How many features a patch has. */
function featureCount(
  features: Features,
  {
    tap,
    pooling,
    stages,
  }: { tap: { shape: number[] }; pooling: { shape: number[] }; stages: { channels: number }[] | null },
): number {
  if (features === 'pooled') return pooling.shape.reduce((product, n) => product * n, 1);
  if (features === 'channel-means') return tap.shape[0] ?? 0;
  return isMeasured(features) ? sumOf(partsOf(features, stages ?? [])) : 0;
}

/**
 * Scans are judged by the outputs of the whole network: network_0.onnx, network_1.onnx, …, one a
 * fold. Nothing is fitted.
 */
const outputsSchema = z
  .object({
    ...common,
    kind: z.literal('outputs'),
    stepSize,
    /** A name of detectors/outputs/registry.ts. */
    method: z.enum(OUTPUT_METHOD_NAMES),
    /** Logits a voxel: classes, or regions. */
    heads: count.max(1024),
    regions: z.boolean(),
    /** Axes whose mirrorings are passes; none where the method needs none. */
    mirrorAxes: mirrorAxesSchema,
    /** Passes with dropout, and their seed. */
    dropout: z.int().min(0).max(1000),
    seed: z.int().min(0),
    /** The networks, in the order of their files, whose sha256 is the same. */
    sourceModels: z.array(model).min(1),
  })
  .refine(everyChannel, everyChannelSentence);

/** Scans are judged by the histogram of their intensities: statistics.safetensors alone. */
const intensitiesSchema = z
  .object({
    ...common,
    kind: z.literal('intensities'),
    method: z.literal(ihf.name),
    /** Training scans. */
    cases: count,
    /** Bins of all channels. */
    d: count,
    statisticsSha256: hash,
  })
  .refine(everyChannel, everyChannelSentence);

/** detector.json, by its kind. */
export const DESCRIPTION_SCHEMAS = {
  features: featuresSchema,
  outputs: outputsSchema,
  intensities: intensitiesSchema,
} as const;

export type FeaturesDescription = z.output<typeof featuresSchema>;
export type OutputsDescription = z.output<typeof outputsSchema>;
export type IntensitiesDescription = z.output<typeof intensitiesSchema>;
export type DetectorDescription = FeaturesDescription | OutputsDescription | IntensitiesDescription;
