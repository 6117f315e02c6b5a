import type { ScanStatus } from '../protocol/record.js';
import type { Value } from './database.js';
import type { ScanRecord } from './scan-record.js';

/** How a scan failed, and when: milliseconds since 1970. */
export interface Ending {
  readonly code: string;
  readonly message: string;
  readonly at: number;
}

/**
 * Scans that have failed and whose records still say `queued` or `running`, since the disk had no
 * room for more: no more than have a place in the queue. What is read of the store says `failed`.
 */
export class Unwritten {
  readonly #endings = new Map<string, Ending>();

  get size(): number {
    return this.#endings.size;
  }

  add(id: string, ending: Ending): void {
    this.#endings.set(id, ending);
  }

  delete(id: string): void {
    this.#endings.delete(id);
  }

  all(): readonly (readonly [id: string, ending: Ending])[] {
    return [...this.#endings];
  }

  /** A record as it would be if its ending were written. */
  over(record: ScanRecord): ScanRecord {
    const ending = this.#endings.get(record.id);
    if (!ending || (record.status !== 'queued' && record.status !== 'running')) return record;
    const { code, message, at } = ending;
    return { ...record, status: 'failed', finishedAt: new Date(at).toISOString(), error: { code, message } };
  }

  /** The condition of SQL for the records that have a status. */
  having(status: ScanStatus): { readonly condition: string; readonly values: readonly Value[] } {
    const ids = [...this.#endings.keys()];
    if (ids.length === 0) return { condition: 'status = ?', values: [status] };
    const these = `id IN (${ids.map(() => '?').join(', ')})`;
    return status === 'failed'
      ? { condition: `(status = ? OR ${these})`, values: [status, ...ids] }
      : { condition: `(status = ? AND NOT ${these})`, values: [status, ...ids] };
  }
}
