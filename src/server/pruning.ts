import type { Database } from './database.js';
import { type Doubt, type EndedScan, outOfDate } from './retention.js';
import type { Retention } from './store.js';

/** The condition for records of scans that have ended. */
const ENDED = `status IN ('done', 'failed', 'interrupted')`;

/** Which records need not stay; a record may be named twice. */
export function needNotStay(
  database: Database,
  { days = null, scans = null }: Retention,
  now: number,
): { readonly ids: readonly string[]; readonly doubt: Doubt | null } {
  const ids: string[] = [];
  let doubt: Doubt | null = null;
  if (days !== null) {
    const ended = database
      .all(`SELECT id, finished_at FROM scans WHERE ${ENDED} ORDER BY id`)
      .map(({ id, finished_at }): EndedScan => ({ id: id as string, finishedAt: finished_at as number }));
    const old = outOfDate(ended, days, now);
    ids.push(...old.ids);
    doubt = old.doubt;
  }
  if (scans !== null) {
    const beyond = `SELECT id FROM scans WHERE ${ENDED} ORDER BY id DESC LIMIT -1 OFFSET ?`;
    ids.push(...database.all(beyond, [scans]).map(({ id }) => id as string));
  }
  return { ids, doubt };
}
