import { z } from 'zod';
import type { WorstPatch } from '../chunks.js';
import type { Explanation, Quality, SegmentLine, SegmentResult, SubjectScore } from '../results.js';
import { tag, verdict, warning } from './fields.js';

const flag = z.enum(['0', '1']).default('0');

/**
 * Control characters and slashes are no part of a name. In terms that every reader of the OpenAPI
 * document knows, so without \p{Cc}.
 */
const caseName = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^/\\\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,200}$/, 'expected up to 200 characters without slashes');

/** How a scan is to be scored: the query of `POST /v1/scans`. */
export const postQuery = z.strictObject({
  detector: z.string().max(64).optional().describe('Which detector; the first by default'),
  case: caseName
    .optional()
    .describe('Name of the scan in the result; by default `scan`, and of a DICOM series a hash of its UID'),
  site: tag.optional().describe('Where the scan comes from; drift is watched for each'),
  scanner: tag.optional().describe('What made the scan'),
  series: z
    .string()
    .regex(/^[0-9.,?-]{1,512}$/, 'expected the number or the UID of a series')
    .optional()
    .describe(
      'Which series of DICOM files that hold several: its number or its UID; of several channels one each, apart by commas',
    ),
  untilt: flag.describe('1: take a gantry tilt out of a DICOM series'),
  volume: z.coerce.number().int().min(0).optional().describe('Which volume of a 4-D file, from 0'),
  mask: flag.describe('1: the uncertainty map too'),
  segment: flag.describe('1: the segmentation too; the server needs a model'),
  explain: flag.describe('1: what explains the verdict too'),
});

/** The query as the server has it, checked and with its defaults. */
export type PostQuery = z.output<typeof postQuery>;

/** What a scan is called where nobody, and no series, gives it a name. */
export const UNNAMED = 'scan';

/** The names that a client may put into the query. */
export type PostQueryName = keyof z.input<typeof postQuery>;

const dice = {
  dice: z.number().describe('The Dice to expect'),
  atLeast: z.number().nullable().describe('A lower bound of it; null where none holds'),
};

const quality = z
  .looseObject({
    ...dice,
    level: z.number().nullable().describe('How often the bound holds at least'),
    perLabel: z.record(z.string(), z.looseObject(dice)),
    note: z.string().nullable(),
  } satisfies Record<keyof Quality, z.ZodType>)
  .describe('What Dice to expect of the segmentation; null where there is none, or no model of it');

/** The JSON of `segcanary score`, or of `segment`. */
export const scoreBody = z
  .looseObject({
    case: z.string(),
    score: z.number(),
    uncertainty: z.number().nullable(),
    boundary: z.number().nullable(),
    verdict,
    // Records of before they were kept lack this and `quality` and `trust`.
    pValue: z.number().nullable().optional(),
    patches: z.number().int(),
    worstPatch: z
      .looseObject({ distance: z.number(), centre: z.tuple([z.number(), z.number(), z.number()]) } satisfies Record<
        keyof WorstPatch,
        z.ZodType
      >)
      .nullable(),
    warnings: z.array(warning),
    detector: z.string().nullable(),
    quality: quality.nullable().optional(),
    trust: z.enum(['yes', 'no', 'unknown']).optional().describe('Of a segmentation: whether it can be relied on'),
    segmentation: z.null().optional(),
    voxels: z.record(z.string(), z.number()).optional().describe('Of a segmentation: voxels of every label'),
  } satisfies Record<Exclude<keyof (SubjectScore & SegmentLine), 'explanation'>, z.ZodType>)
  .describe('The result, as `segcanary score` or `segment` prints it');

/**
 * A score as a client sees it, and with a segmentation its voxels, its expected quality and whether
 * it can be relied on.
 */
export type RemoteScore = SubjectScore & Partial<Pick<SegmentResult, 'voxels' | 'quality' | 'trust'>>;

/** A result as the server remembers it: one of an older server has no p-value. */
export type RecordedScore = Omit<RemoteScore, 'pValue'> & Partial<Pick<RemoteScore, 'pValue'>>;

/** What is read of an explanation; an older server may send less. */
export const explanationBody = z
  .looseObject({
    patches: z.array(z.looseObject({})).nullable(),
    groups: z.array(z.looseObject({})).nullable(),
    intensities: z.array(z.looseObject({})),
    notes: z.array(warning),
  } satisfies Record<keyof Explanation, z.ZodType>)
  .partial();

/** Parts of the `multipart/mixed` answer, in their order. */
export type ScorePart = 'uncertainty' | 'segmentation' | 'result';
