import { z } from 'zod';
import { tag, warning } from './fields.js';
import type { Wire } from './wire.js';
import { fitting, holding } from './wrong-answer.js';

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

/** @throws WrongAnswer */
export function readDetectors(value: unknown): readonly ServerDetector[] {
  const list: readonly ServerDetector[] = fitting(detectorList, value);
  holding(new Set(list.map(({ name }) => name)).size === list.length, 'two detectors have the same name');
  holding(list.filter((one) => one.default).length === Math.min(1, list.length), 'not one detector is the default');
  for (const { name, calibration, channels } of list) {
    holding(channels.length > 0, `${name}: it takes no channel`);
    if (!calibration) continue;
    const { n, min, max, boundary } = calibration;
    holding(n >= 1 && min <= max, `${name}: ${n} calibration scores from ${min} to ${max}`);
    for (const drawn of [boundary.paper, boundary.conformal])
      holding(drawn >= min && drawn <= max, `${name}: the boundary ${drawn} is no score from ${min} to ${max}`);
    holding(boundary.level > 0 && boundary.level < 1, `${name}: the level is ${boundary.level}`);
  }
  return list;
}

export const driftQuery = z.strictObject({ site: tag.optional(), scanner: tag.optional() });

export const driftBody = z.object({
  detector: z.string(),
  site: z.string().nullable(),
  // Older servers watch no scanner.
  scanner: z.string().nullable().optional(),
  sites: z.array(z.string()),
  scanners: z.array(z.string()).optional(),
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

/** @throws WrongAnswer also where it is of another detector, site or scanner */
export function readDrift(
  value: unknown,
  asked: { readonly detector: string; readonly site: string | null; readonly scanner?: string | null },
): ServerDrift {
  const drift: ServerDrift = fitting(driftBody, value);
  holding(drift.detector === asked.detector, `detector: it is ${drift.detector}, and ${asked.detector} was asked for`);
  holding(drift.site === asked.site, `site: it is ${drift.site}, and ${asked.site} was asked for`);
  const { scanner = null } = drift;
  holding(scanner === (asked.scanner ?? null), `scanner: it is ${scanner}, and ${asked.scanner ?? null} was asked for`);
  holding(drift.n >= 0 && drift.level > 0 && drift.level < 1, `n: ${drift.n} scans at a level of ${drift.level}`);
  for (const { id, p } of drift.points) holding(p >= 0 && p <= 1, `points: ${p} of ${id} is no probability`);
  return drift;
}
