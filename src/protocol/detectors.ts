import { z } from 'zod';
import { tag, warning } from './fields.js';
import type { Wire } from './wire.js';

export const nameParams = z.object({ name: z.string().max(64) });

export const detectorList = z.array(
  z.object({
    name: z.string(),
    default: z.boolean(),
    hash: z.string(),
    kind: z.enum(['features', 'outputs', 'intensities']),
    method: z.string(),
    tap: z.string().nullable(),
    channels: z.array(z.string()),
    segments: z.boolean(),
    calibration: z
      .object({
        n: z.number().int(),
        min: z.number(),
        max: z.number(),
        boundary: z.object({ paper: z.number(), conformal: z.number(), level: z.number() }),
      })
      .nullable(),
    warnings: z.array(warning),
  }),
);

/** A detector that a server has open. */
export type ServerDetector = Wire<typeof detectorList>[number];

export const driftQuery = z.object({ site: tag.optional() });

export const driftBody = z.object({
  detector: z.string(),
  site: z.string().nullable(),
  sites: z.array(z.string()),
  n: z.number().int(),
  level: z.number(),
  martingale: z.number(),
  log10: z.number(),
  alarm: z.boolean(),
  alarmAt: z.string().nullable(),
  points: z.array(z.object({ id: z.string(), at: z.string(), score: z.number(), p: z.number(), log10: z.number() })),
  calibration: z.array(z.number()),
});

/** The drift test of a detector, and what it is drawn beside: its sites and calibration scores. */
export type ServerDrift = Wire<typeof driftBody>;
