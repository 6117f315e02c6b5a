import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { SegcanaryError } from '../errors.js';
import { cannotWrite } from '../files/atomic.js';
import { inASentence, isOutOfRoom, notAStore } from './database-errors.js';
import { makePrivate } from './private-file.js';

/** What marks an SQLite file as a store of segcanary's: "SgCn". */
const APPLICATION = 0x5367436e;

/** One step of the schema's history, run once on a store of the version before. */
export type Migration = string;

export interface Database {
  /** All rows of a statement. */
  all(sql: string, values?: readonly Value[]): Row[];
  /**
   * The rows one after another, for results that should not be in memory at once. Nothing may be
   * written meanwhile.
   */
  each(sql: string, values?: readonly Value[]): IterableIterator<Row>;
  /** Runs a statement and says how many rows it changed. */
  run(sql: string, values?: readonly Value[]): number;
  /** Everything that `body` writes is there after a crash, or nothing of it. */
  transaction<T>(body: () => T): T;
  /**
   * Takes what was removed out of the write-ahead log too, which is emptied, and gives the room
   * that it had back to the disk.
   */
  forget(): void;
  /** Writes something that changes nothing: whether writing works. */
  probe(): void;
  close(): void;
}

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/**
 * Opens `folder/segcanary.db` and makes it where it is not yet there: write-ahead log, fsync at
 * every commit, so that what was written is there after a crash or a power cut. Its lock is held
 * from here to `close` or to the end of the process, however it ends: a second server on the folder
 * is refused.
 *
 * @param folder null for a store that goes with the process: its file has no name
 * @param migrations the schema: version n of it is what the first n make of an empty database
 * @throws SegcanaryError `io` for a folder that cannot be written, a file that is not a store, one
 *   of a newer version, one that another process has open
 */
export function openDatabase(folder: string | null, migrations: readonly Migration[]): Database {
  const place = folder ?? mkdtempSync(join(tmpdir(), '.segcanary-store-'));
  const path = join(place, 'segcanary.db');
  try {
    const connection = connect(place, path);
    try {
      const database = new OpenDatabase(connection, path, folder !== null);
      migrate(database, path, migrations);
      return database;
    } catch (error) {
      connection.close();
      throw error;
    }
  } finally {
    // The open file stays until the process ends, also when it is killed, and nobody has to clean
    // up behind it.
    if (folder === null) rmSync(place, { recursive: true, force: true });
  }
}

function connect(folder: string, path: string): Libsql.Database {
  try {
    // Names of patients may be in it.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
  // SQLite takes a file shorter than its header for an empty database. Asked without opening:
  // closing the file again would drop the lock of a store that this process has open on it.
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && size < 512) throw notAStore(path);
  try {
    makePrivate(path);
    return new Libsql(path);
  } catch (cause) {
    throw new SegcanaryError('io', `cannot open ${path}: it is no file that can be read and written.`, { cause });
  }
}

function migrate(database: OpenDatabase, path: string, migrations: readonly Migration[]): void {
  const pragma = (name: string) => Number(database.all(`PRAGMA ${name}`)[0][name]);
  // The lock of WAL is a shared one; EXCLUSIVE holds a lock that no other process can pass and
  // needs no shared memory.
  database.all('PRAGMA locking_mode = EXCLUSIVE');
  const isEmpty = database.all('SELECT 1 FROM sqlite_schema LIMIT 1').length === 0;
  if (!isEmpty && pragma('application_id') !== APPLICATION) throw notAStore(path);
  const version = pragma('user_version');
  if (version > migrations.length) {
    throw new SegcanaryError(
      'io',
      `cannot open ${path}: a newer segcanary wrote it (version ${version} of the store, this one knows ${migrations.length}); use that one, or another folder.`,
    );
  }
  // Pages that are free again go back to the disk, a few at a time: said before the first table is
  // made.
  if (isEmpty) database.script(`PRAGMA auto_vacuum = ${INCREMENTAL}`);
  database.all('PRAGMA journal_mode = WAL');
  database.run('PRAGMA synchronous = FULL');
  // Names of cases may be names of patients: what is removed is overwritten, and not only
  // forgotten. What SQLite puts aside while it works is in memory, and in no file.
  database.all('PRAGMA secure_delete = ON');
  database.run('PRAGMA temp_store = MEMORY');
  if (version < migrations.length) {
    database.transaction(() => {
      for (const sql of migrations.slice(version)) database.script(sql);
      database.script(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${migrations.length}`);
    });
  }
  if (!isEmpty) clean(database, pragma('auto_vacuum'));
}

/** SQLite's number for `auto_vacuum = INCREMENTAL`. */
const INCREMENTAL = 2;

/**
 * Takes up what a process before left: a log with records in it that were removed, and, of an older
 * segcanary, a file that keeps its free pages. On a full disk it waits for the next start.
 */
function clean(database: OpenDatabase, vacuums: number): void {
  try {
    if (vacuums !== INCREMENTAL) database.script(`PRAGMA auto_vacuum = ${INCREMENTAL}; VACUUM`);
    database.forget();
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
  }
}

class OpenDatabase implements Database {
  readonly #connection: Libsql.Database;
  readonly #path: string;
  /** Whether the file is in a folder, and not only open. */
  readonly #hasName: boolean;
  readonly #statements = new Map<string, Libsql.Statement>();
  #isOpen = true;

  constructor(connection: Libsql.Database, path: string, hasName: boolean) {
    this.#connection = connection;
    this.#path = path;
    this.#hasName = hasName;
  }

  all(sql: string, values: readonly Value[] = []): Row[] {
    return this.#try(() => this.#prepared(sql).all(...values) as Row[]);
  }

  *each(sql: string, values: readonly Value[] = []): IterableIterator<Row> {
    const rows = this.#try(() => this.#prepared(sql).iterate(...values) as IterableIterator<Row>);
    for (;;) {
      const { done, value } = this.#try(() => rows.next());
      if (done) return;
      yield value;
    }
  }

  run(sql: string, values: readonly Value[] = []): number {
    return this.#try(() => this.#prepared(sql).run(...values).changes);
  }

  script(sql: string): void {
    this.#try(() => this.#connection.exec(sql));
  }

  transaction<T>(body: () => T): T {
    this.script('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.script('COMMIT');
      return result;
    } catch (error) {
      // After a full disk SQLite has rolled back by itself, and says so.
      if (this.#connection.inTransaction) this.script('ROLLBACK');
      throw error;
    }
  }

  forget(): void {
    this.all('PRAGMA incremental_vacuum');
    const [{ busy }] = this.all('PRAGMA wal_checkpoint(TRUNCATE)');
    if (busy !== 0) throw new SegcanaryError('io', `cannot use ${this.#path}: its log is in use.`);
  }

  probe(): void {
    const [{ user_version: version }] = this.all('PRAGMA user_version');
    // SQLite writes it, whether or not it is another one.
    this.script(`PRAGMA user_version = ${version}`);
  }

  close(): void {
    if (!this.#isOpen) return;
    try {
      if (this.#hasName) {
        // libsql keeps the file open, and so its lock, until the last statement is garbage: the
        // lock is given back by hand. It also leaves one file instead of two.
        this.all('PRAGMA journal_mode = DELETE');
        this.all('PRAGMA locking_mode = NORMAL');
        this.all('SELECT 1 FROM sqlite_schema LIMIT 1');
      }
    } catch {
      // A full disk has no room for it. Nothing is lost: what was written is in the log beside the
      // file, and the lock goes with the process.
    } finally {
      this.#isOpen = false;
      this.#statements.clear();
      this.#connection.close();
    }
  }

  #prepared(sql: string): Libsql.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #try<T>(work: () => T): T {
    if (!this.#isOpen) throw new SegcanaryError('io', `cannot use ${this.#path}: it is closed.`);
    try {
      return work();
    } catch (error) {
      throw inASentence(error, this.#path);
    }
  }
}
