import { z } from 'zod';
import { planSchema } from '../model/plans.js';
import { ESTIMATORS } from './estimators.js';
import { METHOD_NAMES } from './methods/registry.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
const count = z.int().positive();

const calibrationSchema = z.object({
  cases: z.array(z.object({ case: z.string(), score: z.number() })).min(1),
  min: z.number(),
  max: z.number(),
  boundary: z.object({ paper: z.number(), conformal: z.number(), level: z.number().gt(0).lt(1) }),
});

/** detector.json, format version 1. */
export const descriptionSchema = z.object({
  formatVersion: z.literal(1),
  /** 'segcanary x.y.z'. */
  createdBy: z.string(),
  /** How scans are brought to the network: the plan itself, so that scoring needs no plans.json. */
  plan: planSchema,
  /** Distance between patches as a fraction of the patch. */
  stepSize: z.number().gt(0).max(1),
  /** The tensor that the encoder was cut at; shape without the batch axis; whether it was the suggested one. */
  tap: z.object({ name: z.string(), shape: z.array(count), suggested: z.boolean() }),
  /** The encoder's stages whose channel means the method reads; null where it reads the tap alone. */
  stages: z.array(z.object({ name: z.string(), channels: count })).nullable(),
  /** How an activation becomes an embedding, and the shape before it is flattened to d. */
  pooling: z.object({ kind: z.literal('average'), maxElements: z.literal(10000), shape: z.array(count) }),
  /** How a patch is judged: a name of detectors/methods/registry.ts. */
  method: z.enum(METHOD_NAMES),
  /** Of the method's Gaussian, as are shrinkage, rank and conditionNumber: null where it has none. */
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
  /** sha256 of the bytes of each training scan, so that `calibrate` can refuse them: a threshold drawn from training scans promises nothing. */
  trainingScans: z.array(hash).optional(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  sourceModel: z.object({ name: z.string(), sha256: hash }),
  encoderSha256: hash,
  statisticsSha256: hash,
  calibration: calibrationSchema.nullable(),
});

export type DetectorDescription = z.output<typeof descriptionSchema>;

/** A description without what `saveDetector` itself fills in. */
export type NewDescription = Omit<DetectorDescription, 'encoderSha256' | 'statisticsSha256'>;
