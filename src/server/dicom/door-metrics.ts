import { Counter, Gauge, type Registry } from 'prom-client';
import type { OutboxStatus } from './outbox.js';

/** How a door is doing. */
export interface DoorStatus {
  readonly aet: string;
  readonly associations: number;
  readonly gathering: number;
  readonly waiting: number;
}

/** What operators watch of a door, in Prometheus' format. No AE title of others is in it. */
export class DoorMetrics {
  readonly #objects: Counter<'outcome'>;
  readonly #associations: Counter<'end'>;

  constructor(registry: Registry, door: () => DoorStatus, outbox: (() => OutboxStatus) | null) {
    const registers = [registry];
    this.#objects = new Counter({
      name: 'segcanary_dicom_objects_total',
      help: 'Objects that came by C-STORE: stored, or the status that they were refused with.',
      labelNames: ['outcome'],
      registers,
    });
    this.#associations = new Counter({
      name: 'segcanary_dicom_associations_total',
      help: 'Associations that have ended, by how.',
      labelNames: ['end'],
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name: `segcanary_${name}`,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge('dicom_associations', 'Associations that are open.', () => door().associations);
    gauge('dicom_series_gathering', 'Series that are still coming in.', () => door().gathering);
    gauge('dicom_series_waiting', 'Series that are complete and not yet scored.', () => door().waiting);
    if (!outbox) return;
    gauge('outbox_waiting', 'Scans whose results wait to be sent.', () => outbox().waiting);
    gauge('outbox_failed', 'Scans whose results could not be sent in time.', () => outbox().failed);
    gauge('outbox_sent', 'Objects that were sent since the start.', () => outbox().sent);
    gauge('outbox_oldest_seconds', 'Age of the results that wait longest.', () => {
      const { oldest } = outbox();
      return oldest === null ? 0 : Math.max(0, (Date.now() - Date.parse(oldest)) / 1000);
    });
  }

  object(outcome: string): void {
    this.#objects.inc({ outcome });
  }

  association(end: string): void {
    this.#associations.inc({ end });
  }
}
