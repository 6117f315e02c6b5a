import { z } from 'zod';
import type { Explanation } from '../results.js';
import { tag, verdict } from './fields.js';
import { explanationBody, type RecordedScore, scoreBody } from './score.js';
import { readScore } from './score-reader.js';
import type { Wire } from './wire.js';
import { fitting, holding } from './wrong-answer.js';

/** Where a scan is. `interrupted`: the process ended before the scan was done. */
const SCAN_STATUSES = ['queued', 'running', 'done', 'failed', 'interrupted'] as const;
export type ScanStatus = (typeof SCAN_STATUSES)[number];

/** Images of a scan that a server may keep. */
export const KEPT_IMAGES = ['image', 'uncertainty', 'segmentation'] as const;
export type KeptImage = (typeof KEPT_IMAGES)[number];

const progress = z.object({ patches: z.number().int(), total: z.number().int() });

/** A scan as the server remembers it. No image is in it; times are ISO 8601 in UTC. */
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
  progress: progress.nullable(),
  result: scoreBody.nullable(),
  explanation: z.looseObject({}).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  kept: z.array(z.enum(KEPT_IMAGES)),
});

/** A record as the server sends it. */
export interface ServerRecord extends Omit<Wire<typeof record>, 'result' | 'explanation'> {
  readonly result: RecordedScore | null;
  readonly explanation: Explanation | null;
}

/** How far a scan that is under way has come. */
export type ScanProgress = NonNullable<ServerRecord['progress']>;

/** Which records a list holds: the query of `GET /v1/scans`. */
export const listQuery = z.strictObject({
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

/** Records, newest first; `next` is the `before` of the next page, null on the last one. */
export interface ServerRecordList extends Omit<Wire<typeof scanList>, 'scans'> {
  readonly scans: readonly ServerRecord[];
}

/**
 * A record out of an answer.
 *
 * @throws WrongAnswer
 */
export function readRecord(value: unknown): ServerRecord {
  fitting(record, value);
  const found = value as ServerRecord;
  const { status, case: name, result, error, detectorHash, progress } = found;
  holding((status === 'done') === (result !== null), `result: the scan is ${status}`);
  holding(status !== 'failed' || error !== null, 'error: the scan failed, and nothing says with what');
  holding(status !== 'done' || error === null, 'error: the scan is done');
  if (progress) checkProgress(progress);
  if (found.explanation) fitting(explanationBody, found.explanation);
  if (!result) return found;
  readScore(result);
  holding(result.case === name, `case: it is ${JSON.stringify(name)} and its result's ${JSON.stringify(result.case)}`);
  holding(
    result.detector === null || result.detector === detectorHash,
    `detector: it is ${detectorHash} and its result's ${result.detector}`,
  );
  return found;
}

/** @throws WrongAnswer */
export function readRecordList(value: unknown): ServerRecordList {
  fitting(scanList, value);
  const list = value as ServerRecordList;
  for (const one of list.scans) readRecord(one);
  return list;
}

/** @throws WrongAnswer */
export function readProgress(value: unknown): ScanProgress {
  const found = fitting(progress, value);
  checkProgress(found);
  return found;
}

function checkProgress({ patches, total }: ScanProgress): void {
  holding(patches >= 0 && patches <= total, `progress: ${patches} of ${total} patches`);
}

export const idParams = z.object({ id: z.string().max(64) });
