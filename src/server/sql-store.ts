import { join } from 'node:path';
import type { KeptImage } from '../protocol/record.js';
import { type Database, openDatabase, type Value } from './database.js';
import { isOutOfRoom } from './database-errors.js';
import { needNotStay } from './pruning.js';
import { Reserve } from './reserve.js';
import { scanIds } from './scan-id.js';
import { type FinishedScan, type NewScan, type ScanRecord, scoreOf } from './scan-record.js';
import { iso, json, MIGRATIONS, parsed, recordOf } from './scan-rows.js';
import type {
  Pruned,
  Retention,
  ScanFilter,
  ScanList,
  ScanStore,
  SeriesOf,
  SeriesPoint,
  StoreTrouble,
} from './store.js';
import { type Ending, Unwritten } from './unwritten.js';

/** Records that one transaction removes: the log has to hold what they were. */
const AT_ONCE = 100;

/**
 * Opens the store of a data folder.
 *
 * @param folder made where it is missing; null for a store that goes with the process
 * @param now the clock, in milliseconds since 1970
 * @throws SegcanaryError as `openDatabase`
 */
export function openStore(folder: string | null, now: () => number = Date.now): ScanStore {
  const database = openDatabase(folder, MIGRATIONS);
  const reserve = new Reserve(folder === null ? null : join(folder, 'segcanary.db.reserve'));
  return new SqlStore(database, reserve, now);
}

class SqlStore implements ScanStore {
  readonly interrupted: number;
  readonly #database: Database;
  readonly #now: () => number;
  readonly #nextId: () => string;
  readonly #reserve: Reserve;
  /** Scans that have failed, and whose records do not say so yet. */
  readonly #unwritten = new Unwritten();
  /** Whether the log holds what was removed. */
  #isOwed = false;

  constructor(database: Database, reserve: Reserve, now: () => number) {
    this.#database = database;
    this.#reserve = reserve;
    this.#now = now;
    const last = database.all(
      'SELECT max(id) AS id FROM (SELECT max(id) AS id FROM scans UNION ALL SELECT max(scan) FROM scores)',
    );
    this.#nextId = scanIds(now, last[0].id as string | null);
    this.interrupted = this.#withReserve(() =>
      database.run(
        `UPDATE scans SET status = 'interrupted', finished_at = ?, error_code = 'interrupted', error_message = ? WHERE status IN ('queued', 'running')`,
        [now(), 'The server ended before the scan was done; send it again.'],
      ),
    );
    reserve.hold();
  }

  accept(scan: NewScan): ScanRecord {
    const id = this.#nextId();
    this.#database.run(
      `INSERT INTO scans (id, status, name, detector, detector_hash, site, scanner, received_at) VALUES (?, 'queued', ?, ?, ?, ?, ?, ?)`,
      [id, scan.case, scan.detector, scan.detectorHash, scan.site, scan.scanner, this.#now()],
    );
    return this.get(id)!;
  }

  describe(id: string, said: Pick<NewScan, 'case' | 'site' | 'scanner'>): ScanRecord | null {
    return this.#change(
      `UPDATE scans SET name = ?, site = ?, scanner = ? WHERE id = ? AND status = 'queued' RETURNING *`,
      [said.case, said.site, said.scanner, id],
    );
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
        this.#database.run(
          'INSERT INTO scores (scan, detector_hash, site, scanner, at, score) VALUES (?, ?, ?, ?, ?, ?)',
          [id, record.detectorHash, record.site, record.scanner, at, score.score],
        );
      }
      return record;
    });
  }

  fail(id: string, { code, message }: { readonly code: string; readonly message: string }): ScanRecord | null {
    const ending: Ending = { code, message, at: this.#now() };
    try {
      return this.#withReserve(() => this.#writeEnding(id, ending));
    } catch {
      this.#unwritten.add(id, ending);
      const record = this.get(id);
      // Removed: nothing is owed.
      if (record === null) this.#unwritten.delete(id);
      return record;
    }
  }

  #writeEnding(id: string, { code, message, at }: Ending): ScanRecord | null {
    return this.#change(
      `UPDATE scans SET status = 'failed', finished_at = ?, error_code = ?, error_message = ? WHERE id = ? AND status IN ('queued', 'running') RETURNING *`,
      [at, code, message, id],
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
    for (const column of ['detector', 'site', 'scanner', 'verdict'] as const) where(`${column} = ?`, equal[column]);
    if (equal.status !== undefined) {
      const { condition, values: those } = this.#unwritten.having(equal.status);
      conditions.push(condition);
      values.push(...those);
    }
    where('received_at >= ?', from);
    where('received_at < ?', to);
    where('id < ?', before);
    const restriction = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    // One more than asked for says whether there is another page.
    const rows = this.#database.all(`SELECT * FROM scans ${restriction} ORDER BY id DESC LIMIT ?`, [
      ...values,
      limit + 1,
    ]);
    const scans = rows.slice(0, limit).map((row) => this.#unwritten.over(recordOf(row)));
    return { scans, next: rows.length > limit ? scans.at(-1)!.id : null };
  }

  remove(id: string): ScanRecord | null {
    const record = this.#withReserve(() => this.#change('DELETE FROM scans WHERE id = ? RETURNING *', [id]));
    this.#unwritten.delete(id);
    if (record) this.#forget();
    return record;
  }

  prune(retention: Retention): Pruned {
    const { ids, doubt } = needNotStay(this.#database, retention, this.#now());
    const removed: Pruned['removed'][number][] = [];
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      const some = ids.slice(i, i + AT_ONCE);
      removed.push(...this.#withReserve(() => this.#removeAll(some)));
      this.#forget();
    }
    return { removed, doubt };
  }

  /** Those that are there; an id may come twice. */
  #removeAll(ids: readonly string[]): Pruned['removed'][number][] {
    return this.#database.transaction(() =>
      ids.flatMap((id) =>
        this.#database
          .all('DELETE FROM scans WHERE id = ? RETURNING id, kept', [id])
          .map((row) => ({ id: row.id as string, kept: parsed(row.kept) as KeptImage[] })),
      ),
    );
  }

  get isOwing(): boolean {
    return this.#unwritten.size > 0 || this.#isOwed || !this.#reserve.isHeld || !this.#reserve.isDiskFree;
  }

  settle(): StoreTrouble | null {
    try {
      for (const [id, ending] of this.#unwritten.all()) {
        this.#withReserve(() => this.#writeEnding(id, ending));
        this.#unwritten.delete(id);
      }
      if (this.#isOwed) this.#database.forget();
      this.#isOwed = false;
      this.#database.probe();
    } catch (error) {
      const why = isOutOfRoom(error) ? 'the disk is full or broken' : 'the log says why';
      return { reason: `The store cannot be written: ${why}.`, error };
    }
    if (!this.#reserve.hold() || !this.#reserve.isDiskFree)
      return { reason: 'The disk of the store has a few megabytes left, too little to take scans.', error: null };
    return null;
  }

  series(detectorHash: string, of: SeriesOf): SeriesPoint[] {
    return [...this.eachScore(detectorHash, of)];
  }

  *eachScore(detectorHash: string, of: SeriesOf): IterableIterator<SeriesPoint> {
    const { site = null, scanner = null } = of;
    const conditions = ['detector_hash = ?'];
    const values = [detectorHash];
    for (const [column, value] of Object.entries({ site, scanner })) {
      if (value === null) continue;
      conditions.push(`${column} = ?`);
      values.push(value);
    }
    const rows = this.#database.each(
      `SELECT scan, at, score FROM scores WHERE ${conditions.join(' AND ')} ORDER BY position`,
      values,
    );
    for (const { scan, at, score } of rows) yield { id: scan as string, at: iso(at)!, score: score as number };
  }

  sources(detectorHash: string, kind: 'site' | 'scanner'): string[] {
    return this.#database
      .all(
        `SELECT ${kind} AS source FROM scores WHERE detector_hash = ? AND ${kind} IS NOT NULL GROUP BY ${kind} ORDER BY MIN(position)`,
        [detectorHash],
      )
      .map(({ source }) => source as string);
  }

  close(): void {
    if (this.#unwritten.size > 0 || this.#isOwed) this.settle();
    this.#database.close();
    this.#reserve.remove();
  }

  /** Gives up the reserve for a write that the disk has no room for. */
  #withReserve<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isOutOfRoom(error) || !this.#reserve.spend()) throw error;
      return work();
    }
  }

  /** What was removed goes out of the log too; what fails is done by the next `settle`. */
  #forget(): void {
    this.#isOwed = true;
    try {
      this.#withReserve(() => this.#database.forget());
      this.#isOwed = false;
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
    }
    this.#reserve.hold();
  }

  #change(sql: string, values: readonly Value[]): ScanRecord | null {
    const [row] = this.#database.all(sql, values);
    return row ? this.#unwritten.over(recordOf(row)) : null;
  }
}
