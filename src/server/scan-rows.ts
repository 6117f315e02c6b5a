import type { ScanStatus } from '../protocol/record.js';
import type { Row, Value } from './database.js';
import type { ScanRecord } from './scan-record.js';

/**
 * Version n of the schema is what the first n make. Never change one that was released: add one.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE scans (
     id TEXT PRIMARY KEY, status TEXT NOT NULL, name TEXT NOT NULL, detector TEXT NOT NULL, detector_hash TEXT NOT NULL, site TEXT, scanner TEXT,
     received_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER, seconds REAL, verdict TEXT, result TEXT, explanation TEXT,
     error_code TEXT, error_message TEXT, kept TEXT NOT NULL DEFAULT '[]'
   ) STRICT;
   CREATE INDEX scans_by_status ON scans (status, id);
   CREATE INDEX scans_by_detector ON scans (detector, id);
   CREATE INDEX scans_by_site ON scans (site, id);
   CREATE INDEX scans_by_verdict ON scans (verdict, id);
   CREATE TABLE scores (
     position INTEGER PRIMARY KEY AUTOINCREMENT, scan TEXT NOT NULL UNIQUE, detector_hash TEXT NOT NULL, site TEXT, at INTEGER NOT NULL, score REAL NOT NULL
   ) STRICT;
   CREATE INDEX scores_by_site ON scores (detector_hash, site, position);
   CREATE INDEX scores_by_detector ON scores (detector_hash, position);`,
  `ALTER TABLE scores ADD COLUMN scanner TEXT;
   UPDATE scores SET scanner = (SELECT scanner FROM scans WHERE id = scan);
   CREATE INDEX scores_by_scanner ON scores (detector_hash, scanner, position);`,
];

/** A value as its column has it. */
export const json = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
/** The value of a column that holds JSON. */
export const parsed = (text: Value | undefined) => (text === null ? null : JSON.parse(text as string));
/** A time as records have it; columns hold milliseconds since 1970. */
export const iso = (time: Value | undefined) => (typeof time === 'number' ? new Date(time).toISOString() : null);

/** A row of the table of scans as a record. */
export function recordOf(row: Row): ScanRecord {
  return {
    id: row.id as string,
    status: row.status as ScanStatus,
    case: row.name as string,
    detector: row.detector as string,
    detectorHash: row.detector_hash as string,
    site: row.site as string | null,
    scanner: row.scanner as string | null,
    receivedAt: iso(row.received_at)!,
    startedAt: iso(row.started_at),
    finishedAt: iso(row.finished_at),
    seconds: row.seconds as number | null,
    result: parsed(row.result),
    explanation: parsed(row.explanation),
    error: row.error_code === null ? null : { code: row.error_code as string, message: row.error_message as string },
    kept: parsed(row.kept),
  };
}
