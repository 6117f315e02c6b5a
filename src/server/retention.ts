/** A scan that has ended, as retention looks at it. */
export interface EndedScan {
  readonly id: string;
  /** Milliseconds since 1970, by the clock that the server had then. */
  readonly finishedAt: number;
}

/** Times that no days confirm: the records that came last stand far from those before them. */
export interface Doubt {
  /** The time that retention counts from, and the newest one, which it does not believe yet. */
  readonly counted: number;
  readonly newest: number;
}

export interface OutOfDate {
  readonly ids: readonly string[];
  /** Null where the newest record is believed. */
  readonly doubt: Doubt | null;
}

const DAY = 86_400_000;

/** Time without a record behind which the next ones are believed when other days confirm them. */
const GAP = 7 * DAY;

/** Days with records that confirm a time. */
const CONFIRMING = 3;

/**
 * Which records are older than so many days. A clock that is wrong removes nothing: age counts from
 * the newest record and not from the clock, what lies ahead of the clock does not count, and where
 * more than a week lies between the newest records and those before, the newest count when there
 * are records of three days.
 *
 * A record that was written while the clock was behind is as old as the newest before it.
 *
 * @param scans that have ended, in order of being accepted
 * @param now the clock, in milliseconds since 1970
 */
export function outOfDate(scans: readonly EndedScan[], days: number, now: number): OutOfDate {
  const times = scans.map(({ finishedAt }) => finishedAt).filter((time) => time <= now);
  if (times.length === 0) return { ids: [], doubt: null };
  const { counted, newest } = believed(times.sort((a, b) => a - b));
  const last = counted - days * DAY;
  const ids: string[] = [];
  let reached = Number.NEGATIVE_INFINITY;
  for (const { id, finishedAt } of scans) {
    if (finishedAt <= counted) reached = Math.max(reached, finishedAt);
    if (finishedAt <= counted && reached < last) ids.push(id);
  }
  return { ids, doubt: counted === newest ? null : { counted, newest } };
}

/** The newest time that is believed, of times in ascending order. */
function believed(times: readonly number[]): Doubt {
  const newest = times[times.length - 1];
  const confirming = new Set<number>();
  let counted = newest;
  for (let i = times.length - 1; i >= 0; i--) {
    confirming.add(Math.floor(times[i] / DAY));
    if (confirming.size >= CONFIRMING) break;
    const before = times[i - 1];
    // What came first of all has nothing to stand far from.
    if (before !== undefined && times[i] - before > GAP) counted = before;
  }
  return { counted, newest };
}
