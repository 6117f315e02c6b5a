import type { ScanStatus } from '../protocol/record.js';
import { type Database, openDatabase, type Row, type Value } from './database.js';
import { scanIds } from './scan-id.js';
import { type FinishedScan, type NewScan, type ScanRecord, scoreOf } from './scan-record.js';
import type { Retention, ScanFilter, ScanList, ScanStore, SeriesPoint } from './store.js';

/**
 * Version n of the schema is what the first n make. Never change one that was released: add one.
 */
const migrations = [
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
];

const MS_PER_DAY = 86_400_000;

/**
 * Opens the store of a data folder.
 *
 * @param folder made where it is missing; null for a store that goes with the process
 * @param now the clock, in milliseconds since 1970
 * @throws SegcanaryError as `openDatabase`
 */
export function openStore(folder: string | null, now: () => number = Date.now): ScanStore {
  const database = openDatabase(folder, migrations);
  return new SqlStore(database, now);
}

class SqlStore implements ScanStore {
  readonly interrupted: number;
  readonly #database: Database;
  readonly #now: () => number;
  readonly #nextId: () => string;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    const last = database.all(
      'SELECT max(id) AS id FROM (SELECT max(id) AS id FROM scans UNION ALL SELECT max(scan) FROM scores)',
    );
    this.#nextId = scanIds(now, last[0].id as string | null);
    this.interrupted = database.run(
      `UPDATE scans SET status = 'interrupted', finished_at = ?, error_code = 'interrupted', error_message = ? WHERE status IN ('queued', 'running')`,
      [now(), 'The server ended before the scan was done; send it again.'],
    );
  }

  accept(scan: NewScan): ScanRecord {
    const id = this.#nextId();
    this.#database.run(
      `INSERT INTO scans (id, status, name, detector, detector_hash, site, scanner, received_at) VALUES (?, 'queued', ?, ?, ?, ?, ?, ?)`,
      [id, scan.case, scan.detector, scan.detectorHash, scan.site, scan.scanner, this.#now()],
    );
    return this.get(id)!;
  }

  start(id: string): ScanRecord | null {
    return this.#change(
      `UPDATE scans SET status = 'running', started_at = ? WHERE id = ? AND status = 'queued' RETURNING *`,
      [this.#now(), id],
    );
  }

  finish(id: string, { result, explanation, seconds, kept }: FinishedScan): ScanRecord | null {
    const score = scoreOf(result);
    const at = this.#now();
    return this.#database.transaction(() => {
      const record = this.#change(
        `UPDATE scans SET status = 'done', finished_at = ?, seconds = ?, verdict = ?, result = ?, explanation = ?, kept = ?
         WHERE id = ? AND status IN ('queued', 'running') RETURNING *`,
        [at, seconds, score?.verdict ?? null, JSON.stringify(result), json(explanation), JSON.stringify(kept), id],
      );
      if (record && score && Number.isFinite(score.score)) {
        this.#database.run('INSERT INTO scores (scan, detector_hash, site, at, score) VALUES (?, ?, ?, ?, ?)', [
          id,
          record.detectorHash,
          record.site,
          at,
          score.score,
        ]);
      }
      return record;
    });
  }

  fail(id: string, { code, message }: { readonly code: string; readonly message: string }): ScanRecord | null {
    return this.#change(
      `UPDATE scans SET status = 'failed', finished_at = ?, error_code = ?, error_message = ? WHERE id = ? AND status IN ('queued', 'running') RETURNING *`,
      [this.#now(), code, message, id],
    );
  }

  get(id: string): ScanRecord | null {
    return this.#change('SELECT * FROM scans WHERE id = ?', [id]);
  }

  list({ from, to, before, limit = 100, ...equal }: ScanFilter = {}): ScanList {
    const conditions: string[] = [];
    const values: Value[] = [];
    const where = (condition: string, value: Value | undefined) => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    for (const column of ['detector', 'site', 'scanner', 'verdict', 'status'] as const)
      where(`${column} = ?`, equal[column]);
    where('received_at >= ?', from);
    where('received_at < ?', to);
    where('id < ?', before);
    const restriction = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    // One more than asked for says whether there is another page.
    const rows = this.#database.all(`SELECT * FROM scans ${restriction} ORDER BY id DESC LIMIT ?`, [
      ...values,
      limit + 1,
    ]);
    const scans = rows.slice(0, limit).map(recordOf);
    return { scans, next: rows.length > limit ? scans.at(-1)!.id : null };
  }

  remove(id: string): ScanRecord | null {
    return this.#change('DELETE FROM scans WHERE id = ? RETURNING *', [id]);
  }

  prune({ days = null, scans = null }: Retention): ScanRecord[] {
    const ended = `status IN ('done', 'failed', 'interrupted')`;
    const removed: Row[] = [];
    if (days !== null) {
      const last = this.#now() - days * MS_PER_DAY;
      removed.push(...this.#database.all(`DELETE FROM scans WHERE ${ended} AND finished_at < ? RETURNING *`, [last]));
    }
    if (scans !== null) {
      const beyond = `SELECT id FROM scans WHERE ${ended} ORDER BY id DESC LIMIT -1 OFFSET ?`;
      removed.push(...this.#database.all(`DELETE FROM scans WHERE id IN (${beyond}) RETURNING *`, [scans]));
    }
    return removed.map(recordOf);
  }

  series(detectorHash: string, site: string | null): SeriesPoint[] {
    return [...this.eachScore(detectorHash, site)];
  }

  *eachScore(detectorHash: string, site: string | null): IterableIterator<SeriesPoint> {
    const [condition, values] = site === null ? ['', [detectorHash]] : ['AND site = ?', [detectorHash, site]];
    const rows = this.#database.each(
      `SELECT scan, at, score FROM scores WHERE detector_hash = ? ${condition} ORDER BY position`,
      values,
    );
    for (const { scan, at, score } of rows) yield { id: scan as string, at: iso(at)!, score: score as number };
  }

  sites(detectorHash: string): string[] {
    return this.#database
      .all('SELECT DISTINCT site FROM scores WHERE detector_hash = ? AND site IS NOT NULL ORDER BY site', [
        detectorHash,
      ])
      .map(({ site }) => site as string);
  }

  close(): void {
    this.#database.close();
  }

  #change(sql: string, values: readonly Value[]): ScanRecord | null {
    const [row] = this.#database.all(sql, values);
    return row ? recordOf(row) : null;
  }
}

const json = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));
const parsed = (text: Value | undefined) => (text === null ? null : JSON.parse(text as string));
const iso = (time: Value | undefined) => (typeof time === 'number' ? new Date(time).toISOString() : null);

function recordOf(row: Row): ScanRecord {
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
