import { existsSync, readFileSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { SegcanaryClient } from '../../../src/client/client.js';
import { ServerError } from '../../../src/client/server-error.js';
import { SegcanaryError } from '../../../src/errors.js';
import { RIGHT_DETECTOR, RIGHT_RECORD } from '../../../test/support/answers.js';
import type { Outcome } from '../attack.js';
import { type Asked, IMAGE, RIGHT } from './lies.js';

export interface Came {
  readonly outcome: Outcome;
  readonly why: string;
}

/** Seconds in which whatever a server says has to be understood, or refused. */
export const PATIENCE = 20;

/** Asks a server, and says what came of it. */
export async function ask(url: string, asked: Asked, mask: string): Promise<Came> {
  const client = new SegcanaryClient({ url });
  const signal = AbortSignal.timeout(PATIENCE * 1000);
  let found: unknown;
  try {
    found = await put(client, asked, mask, signal);
  } catch (error) {
    if (signal.aborted) return { outcome: 'finding', why: `nothing came of it in ${PATIENCE} s` };
    if (existsSync(mask)) return { outcome: 'finding', why: 'a file of an answer that was refused' };
    return refused(error, url);
  }
  if (asked === 'image') {
    // The time and the system in a gzip's head are under no checksum.
    const isThere = existsSync(mask) && gunzipSync(readFileSync(mask)).equals(gunzipSync(IMAGE));
    rmSync(mask, { force: true });
    if (!isThere) return { outcome: 'finding', why: 'no image, or another, of an answer that was taken' };
  }
  if (isDeepStrictEqual(found, RIGHT[asked === 'events' ? 'record' : asked]))
    return { outcome: 'harmless', why: 'the right answer' };
  const wrong = wrongIn(asked, found);
  return wrong
    ? { outcome: 'finding', why: `taken: ${wrong}` }
    : { outcome: 'unknowable', why: 'another answer that contradicts nothing' };
}

async function put(client: SegcanaryClient, asked: Asked, mask: string, signal: AbortSignal): Promise<unknown> {
  const scan = Buffer.from('a scan that nobody looks at');
  switch (asked) {
    case 'score':
      return client.score(scan, { judge: RIGHT_DETECTOR, signal });
    case 'image':
      return client.score(scan, { judge: RIGHT_DETECTOR, mask, signal });
    case 'detectors':
      return client.detectors(signal);
    case 'record':
      return client.scan(RIGHT_RECORD.id);
    case 'records':
      return client.scans();
    case 'drift':
      return client.drift('chest');
    case 'later':
      return client.scoreLater(scan, { signal });
    default: {
      let last: unknown = null;
      for await (const event of client.watch(RIGHT_RECORD.id, signal))
        if (event.event !== 'progress') last = event.record;
      return last;
    }
  }
}

function refused(error: unknown, url: string): Came {
  const isTagged = error instanceof ServerError || error instanceof SegcanaryError;
  if (!isTagged) return { outcome: 'finding', why: `untagged: ${(error as Error).stack ?? error}` };
  const { code, message } = error;
  if (!code || !message || /[\p{Cc}]/u.test(message) || message.length > 2500)
    return { outcome: 'finding', why: `an error of code ${code} that says ${JSON.stringify(message.slice(0, 200))}` };
  const isOwn = code === 'unreachable' || code === 'answer-invalid';
  if (isOwn && !message.startsWith(url)) return { outcome: 'finding', why: `names no server: ${message}` };
  return { outcome: 'refused', why: isOwn ? code : 'what the server says itself' };
}

/**
 * What cannot be right in an answer that was taken, judged from the detector that stands beside it
 * and not by the client's own rules.
 */
function wrongIn(asked: Asked, found: unknown): string | null {
  if (asked === 'score' || asked === 'image') return wrongScore(found as Record<string, unknown>, 'scan', true);
  if (asked === 'records')
    return (
      (found as { scans: Record<string, unknown>[] }).scans.map((one) => wrongRecord(one, null)).find(Boolean) ?? null
    );
  if (asked === 'drift') return (found as { detector: unknown }).detector === 'chest' ? null : 'another detector';
  if (asked === 'detectors') return Array.isArray(found) ? null : 'no list';
  if (found === null && asked === 'events') return null;
  return wrongRecord(found as Record<string, unknown>, asked === 'later' ? null : RIGHT_RECORD.id);
}

function wrongRecord(found: Record<string, unknown>, id: string | null): string | null {
  if (id !== null && found.id !== id) return `the record of ${found.id}`;
  const result = found.result as Record<string, unknown> | null;
  if (found.status === 'done' && !result) return 'done without a result';
  return result && wrongScore(result, found.case, false);
}

function wrongScore(found: Record<string, unknown>, name: unknown, isListed: boolean): string | null {
  const { score, boundary, verdict, pValue, uncertainty } = found;
  if (found.case !== name) return `case ${found.case}`;
  if (typeof score !== 'number' || !Number.isFinite(score)) return `score ${score}`;
  if (isListed && boundary !== 5) return `boundary ${boundary}`;
  if (boundary === null) return verdict === 'uncalibrated' ? null : `verdict ${verdict} without a boundary`;
  if (typeof boundary !== 'number') return `boundary ${boundary}`;
  if (verdict !== (score > boundary ? 'out-of-distribution' : 'in-distribution')) return `verdict ${verdict}`;
  if (pValue !== undefined && !(typeof pValue === 'number' && pValue > 0 && pValue <= 1)) return `p ${pValue}`;
  if (!isListed) return null;
  if (found.detector !== RIGHT_DETECTOR.hash) return `detector ${found.detector}`;
  const follows = Math.min(1, Math.max(0, (score - 1) / 11));
  return typeof uncertainty === 'number' && Math.abs(uncertainty - follows) < 1e-6
    ? null
    : `uncertainty ${uncertainty}`;
}
