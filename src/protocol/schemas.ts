import { z } from 'zod';
import { KEPT_IMAGES, SCAN_STATUSES } from './record.js';

/** Words that a site may tag its scans with: they end up in metrics and addresses. */
const tag = z
  .string()
  .regex(/^[A-Za-z0-9 ._-]{1,64}$/, 'expected up to 64 letters, digits, spaces, dots, dashes and underscores');
const flag = z.enum(['0', '1']).default('0');

/**
 * Control characters and slashes are no part of a name. In terms that every reader of the OpenAPI
 * document knows, so without \p{Cc}.
 */
const caseName = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^/\\\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,200}$/, 'expected up to 200 characters without slashes');

export const postQuery = z.object({
  detector: z.string().max(64).optional().describe('Which detector; the first by default'),
  case: caseName.default('scan').describe('Name of the scan in the result'),
  site: tag.optional().describe('Where the scan comes from; drift is watched for each'),
  scanner: tag.optional().describe('What made the scan'),
  volume: z.coerce.number().int().min(0).optional().describe('Which volume of a 4-D file, from 0'),
  mask: flag.describe('1: the uncertainty map too'),
  segment: flag.describe('1: the segmentation too; the server needs a model'),
  explain: flag.describe('1: what explains the verdict too'),
});

export const errorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    subject: z.string().nullish().describe('What the message begins with: the scan’s case'),
    option: z.string().optional().describe('A parameter that would help; the message quotes it'),
  }),
});

const warning = z.object({ code: z.string(), message: z.string() });
const verdict = z.enum(['in-distribution', 'out-of-distribution', 'uncalibrated']);

/** The JSON of `segcanary score`, or of `segment`. */
export const scoreBody = z
  .looseObject({
    case: z.string(),
    score: z.number(),
    uncertainty: z.number().nullable(),
    boundary: z.number().nullable(),
    verdict,
    patches: z.number().int(),
    worstPatch: z.looseObject({}).nullable(),
    warnings: z.array(warning),
    detector: z.string().nullable(),
  })
  .describe('The result, as `segcanary score` prints it');

export const record = z.object({
  id: z.string(),
  status: z.enum(SCAN_STATUSES),
  case: z.string(),
  detector: z.string(),
  detectorHash: z.string(),
  site: z.string().nullable(),
  scanner: z.string().nullable(),
  receivedAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  seconds: z.number().nullable(),
  progress: z.object({ patches: z.number().int(), total: z.number().int() }).nullable(),
  result: scoreBody.nullable(),
  explanation: z.looseObject({}).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  kept: z.array(z.enum(KEPT_IMAGES)),
});

export const listQuery = z.object({
  detector: z.string().max(64).optional(),
  site: tag.optional(),
  scanner: tag.optional(),
  verdict: verdict.optional(),
  status: z.enum(SCAN_STATUSES).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('Received at this time or later'),
  to: z.iso.datetime({ offset: true }).optional().describe('Received before this time'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  before: z.uuid().optional().describe('Only those accepted before this one: `next` of the page before'),
});

export const scanList = z.object({ scans: z.array(record), next: z.string().nullable() });

export const idParams = z.object({ id: z.string().max(64) });
export const nameParams = z.object({ name: z.string().max(64) });
export const driftQuery = z.object({ site: tag.optional() });

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

export const health = z.object({ status: z.enum(['ok', 'draining', 'broken']) });
