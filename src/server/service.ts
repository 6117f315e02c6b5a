import { EventEmitter } from 'node:events';
import type { DriftState } from '../drift/stream.js';
import type { ScanLimits } from '../limits.js';
import type { ScanRecord } from '../protocol/record.js';
import { AcceptedScan, type Live, type ScanProgress, type ScanWish } from './accepted-scan.js';
import type { DriftMonitor } from './drift.js';
import { HttpError } from './http-error.js';
import type { ImageFolder } from './images.js';
import type { Metrics } from './metrics.js';
import { ScanQueue } from './queue.js';
import type { ServedDetector } from './served.js';
import type { Retention, ScanStore } from './store.js';

export interface ServiceOptions {
  readonly detectors: ReadonlyMap<string, ServedDetector>;
  readonly store: ScanStore;
  readonly images: ImageFolder;
  readonly metrics: Metrics;
  readonly drift: DriftMonitor;
  /** Scans that may wait. */
  readonly queue: number;
  readonly limits: ScanLimits;
  readonly keepFlagged: boolean;
  readonly retention: Retention;
  readonly tmpdir?: string | undefined;
  /** Told of what broke that no client is told of. */
  readonly onError: (error: unknown, id: string) => void;
}

/**
 * Takes scans in, scores them one after another, remembers what became of them and tells those who
 * watch.
 */
export class ScanService {
  readonly options: ServiceOptions;
  readonly queue: ScanQueue;
  readonly #live = new Map<string, Live>();
  #draining = false;

  constructor(options: ServiceOptions) {
    this.options = options;
    // The network is one worker; a second scan beside the first would cost its memory and gain a
    // few per cent.
    this.queue = new ScanQueue(1, options.queue);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Gives a scan a place and a record.
   *
   * @throws HttpError `queue-full` or `draining`, with Retry-After
   */
  async accept(wish: ScanWish): Promise<AcceptedScan> {
    const { store, images, metrics } = this.options;
    const place = this.#draining ? null : this.queue.reserve();
    if (!place) {
      const seconds = Math.max(1, Math.ceil(metrics.usualSeconds * (1 + this.queue.waiting)));
      const headers = { 'retry-after': String(Math.min(seconds, 3600)) };
      if (this.#draining)
        throw new HttpError(
          503,
          'draining',
          'The server is stopping and takes no more scans; send it again later.',
          headers,
        );
      metrics.refused();
      throw new HttpError(
        429,
        'queue-full',
        `There is no room for another scan; send it again in ${seconds} s.`,
        headers,
      );
    }
    try {
      const { case: name, site, scanner, detector } = wish;
      const files = await images.begin();
      const { id } = store.accept({
        case: name,
        site,
        scanner,
        detector: detector.name,
        detectorHash: detector.detector.id,
      });
      const live: Live = { controller: new AbortController(), events: new EventEmitter(), progress: null };
      live.events.setMaxListeners(0);
      this.#live.set(id, live);
      return new AcceptedScan(this, { id, files, wish, place, live });
    } catch (error) {
      place.release();
      throw error;
    }
  }

  progress(id: string): ScanProgress | null {
    return this.#live.get(id)?.progress ?? null;
  }

  /**
   * Calls back with every step of a scan; `end` at once where it is not under way. Returns what
   * ends the watching.
   */
  watch(id: string, onProgress: (progress: ScanProgress) => void, onEnd: () => void): () => void {
    const live = this.#live.get(id);
    if (!live) {
      onEnd();
      return () => {};
    }
    if (live.progress) onProgress(live.progress);
    live.events.on('progress', onProgress);
    live.events.on('end', onEnd);
    return () => {
      live.events.off('progress', onProgress);
      live.events.off('end', onEnd);
    };
  }

  /**
   * Gives up a scan that is under way, and forgets one that has ended: its record and images, not
   * its place in the drift series.
   */
  async remove(id: string): Promise<ScanRecord | null> {
    this.#live.get(id)?.controller.abort();
    const record = this.options.store.remove(id);
    if (record) await this.options.images.remove(id);
    return record;
  }

  driftOf(detector: ServedDetector, site: string | null): DriftState {
    return this.options.drift.state(detector, site);
  }

  /** Called by the scan. */
  ended(id: string): void {
    const live = this.#live.get(id);
    this.#live.delete(id);
    live?.events.emit('end');
    this.prune();
    if (this.#live.size === 0) this.#idle?.();
  }

  /** Removes what need not stay. */
  prune(): void {
    const { store, retention, images, onError } = this.options;
    for (const { id, kept } of store.prune(retention))
      if (kept.length > 0) images.remove(id).catch((error: unknown) => onError(error, id));
  }

  #idle: (() => void) | null = null;

  /** Takes no more scans, and comes back when those that were accepted are done. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#live.size > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
  }
}
