import type { ScanStatus } from '../protocol/record.js';
import type { Verdict } from '../results.js';
import type { Doubt } from './retention.js';
import type { FinishedScan, NewScan, ScanRecord } from './scan-record.js';

/** Which records a list holds. Whatever is left out does not restrict it. */
export interface ScanFilter {
  readonly detector?: string | undefined;
  readonly site?: string | undefined;
  readonly scanner?: string | undefined;
  readonly verdict?: Verdict | undefined;
  readonly status?: ScanStatus | undefined;
  /** Received at this time or later: milliseconds since 1970. */
  readonly from?: number | undefined;
  /** Received before this time. */
  readonly to?: number | undefined;
  /** Only those accepted before this one. */
  readonly before?: string | undefined;
  /** At most so many. @default 100 */
  readonly limit?: number | undefined;
}

export interface ScanList {
  /** Newest first. */
  readonly scans: readonly ScanRecord[];
  /** The `before` of the next page; null on the last one. */
  readonly next: string | null;
}

/** What may stay. Only records of scans that have ended are ever removed. */
export interface Retention {
  /** Days from the end of the scan to that of the newest. @default null, however long */
  readonly days?: number | null | undefined;
  /** So many of the scans that have ended, the newest. @default null, however many */
  readonly scans?: number | null | undefined;
}

/** What retention did. */
export interface Pruned {
  readonly removed: readonly Pick<ScanRecord, 'id' | 'kept'>[];
  /** Where the newest records are not believed, and what was counted from instead. */
  readonly doubt: Doubt | null;
}

/** Why a store cannot be written. */
export interface StoreTrouble {
  /** A sentence for everybody: no path is in it. */
  readonly reason: string;
  /** What the disk said, for the log; null where it said nothing. */
  readonly error: unknown;
}

/** Which scores of a detector a series holds: those of a site, of a scanner, or all. */
export interface SeriesOf {
  /** @default null: all */
  readonly site?: string | null | undefined;
  /** @default null: all */
  readonly scanner?: string | null | undefined;
}

/** One score of a drift series. */
export interface SeriesPoint {
  readonly id: string;
  /** When the scan was finished: ISO 8601, UTC. */
  readonly at: string;
  readonly score: number;
}

/**
 * The memory of a server. Every call that writes returns when the disk has it; all throw
 * SegcanaryError `io` when the disk refuses. On a full disk what removes and what ends a scan as
 * failed still finds room, out of a reserve.
 */
export interface ScanStore {
  /**
   * Scans that a process before had queued or running when it ended: they are `interrupted` now.
   */
  readonly interrupted: number;
  /** Writes down a scan, `queued`, and gives it an id. */
  accept(scan: NewScan): ScanRecord;
  /** Says of a scan that is queued what was only known when it was here. Null as below. */
  describe(id: string, said: Pick<NewScan, 'case' | 'site' | 'scanner'>): ScanRecord | null;
  /** queued → running. Null where there is no such scan, as in the next two. */
  start(id: string): ScanRecord | null;
  /**
   * queued or running → done; a score that is finite joins the drift series, in the same
   * transaction.
   */
  finish(id: string, scan: FinishedScan): ScanRecord | null;
  /**
   * queued or running → failed. Where the disk refuses even that, the scan has failed as far as
   * this process knows, and `settle` writes it down later; after the end of the process it is
   * `interrupted`.
   */
  fail(id: string, error: { readonly code: string; readonly message: string }): ScanRecord | null;
  get(id: string): ScanRecord | null;
  list(filter?: ScanFilter): ScanList;
  /**
   * Removes a record, whatever its status, and returns what it was; nothing of it is in the files
   * any more. Its score stays in the series: a test that forgets scores proves nothing.
   */
  remove(id: string): ScanRecord | null;
  /**
   * Removes what need not stay, and returns it: the images of these go too. Scores stay in the
   * series.
   */
  prune(retention: Retention): Pruned;
  /** Whether there is something for `settle` to do. */
  readonly isOwing: boolean;
  /**
   * Does what a full disk had no room for: endings that are not written, what was removed and is
   * still in the log, the reserve. Then tries to write.
   *
   * @returns why the store cannot be written; null where it can
   */
  settle(): StoreTrouble | null;
  /** The scores of a detector, in order of finishing. */
  series(detectorHash: string, of: SeriesOf): SeriesPoint[];
  /**
   * The same one after another, for replaying a long one; nothing may be written to the store
   * meanwhile.
   */
  eachScore(detectorHash: string, of: SeriesOf): IterableIterator<SeriesPoint>;
  /** The sites, or scanners, that a detector has a series of, as they were first seen. */
  sources(detectorHash: string, kind: 'site' | 'scanner'): string[];
  /** Gives the folder free for another process. May be called twice. */
  close(): void;
}
