import type { ScanProgress } from '../protocol/record.js';
import { AcceptedScan, type ScanServices } from './accepted-scan.js';
import { HttpError } from './http-error.js';
import type { ImageFolder } from './images.js';
import type { ScanRequest } from './judge.js';
import { OngoingScan } from './ongoing-scan.js';
import type { Places } from './queue.js';
import type { ScanRecord } from './scan-record.js';
import type { Retention } from './store.js';

export interface ServiceOptions extends ScanServices {
  readonly places: Places;
  readonly images: ImageFolder;
  readonly retention: Retention;
}

/** Takes scans in, knows those that are under way, and forgets those that need not stay. */
export class ScanService {
  readonly #options: ServiceOptions;
  readonly #ongoing = new Map<string, OngoingScan>();
  #draining = false;
  #idle: (() => void) | null = null;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Gives a scan a place and a record.
   *
   * @throws HttpError `queue-full` or `draining`, with Retry-After
   */
  async accept(request: ScanRequest): Promise<AcceptedScan> {
    const { store, images, places } = this.#options;
    const place = this.#draining ? null : places.reserve();
    if (!place) throw this.#refusal();
    try {
      const { case: name, site, scanner, served } = request;
      const files = await images.begin();
      const { id } = store.accept({
        case: name,
        site,
        scanner,
        detector: served.name,
        detectorHash: served.detector.id,
      });
      const ongoing = new OngoingScan();
      this.#ongoing.set(id, ongoing);
      const onEnd = () => this.#ended(id, ongoing);
      return new AcceptedScan({ id, request, files, place, ongoing, onEnd }, this.#options);
    } catch (error) {
      place.release();
      throw error;
    }
  }

  progress(id: string): ScanProgress | null {
    return this.#ongoing.get(id)?.progress ?? null;
  }

  /**
   * Calls back with every step of a scan; `end` at once where it is not under way. Returns what
   * ends the watching.
   */
  watch(id: string, onProgress: (progress: ScanProgress) => void, onEnd: () => void): () => void {
    const ongoing = this.#ongoing.get(id);
    if (ongoing) return ongoing.watch(onProgress, onEnd);
    onEnd();
    return () => {};
  }

  /**
   * Gives up a scan that is under way, and forgets one that has ended: its record and images, not
   * its place in the drift series.
   */
  async remove(id: string): Promise<ScanRecord | null> {
    const { store, images } = this.#options;
    this.#ongoing.get(id)?.cancel();
    const record = store.remove(id);
    if (record) await images.remove(id);
    return record;
  }

  /** Removes what need not stay. */
  prune(): void {
    const { store, retention, images, onError } = this.#options;
    for (const { id, kept } of store.prune(retention))
      if (kept.length > 0) images.remove(id).catch((error: unknown) => onError(error, id));
  }

  /** Takes no more scans, and comes back when those that were accepted are done. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#ongoing.size > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
  }

  #ended(id: string, ongoing: OngoingScan): void {
    this.#ongoing.delete(id);
    ongoing.end();
    this.prune();
    if (this.#ongoing.size === 0) this.#idle?.();
  }

  /** Why there is no place, and when to come again. */
  #refusal(): HttpError {
    const { metrics, places } = this.#options;
    const seconds = Math.max(1, Math.ceil(metrics.usualSeconds * (1 + places.waiting)));
    const headers = { 'retry-after': String(Math.min(seconds, 3600)) };
    if (this.#draining)
      return new HttpError(
        503,
        'draining',
        'The server is stopping and takes no more scans; send it again later.',
        headers,
      );
    metrics.refused();
    return new HttpError(
      429,
      'queue-full',
      `There is no room for another scan; send it again in ${seconds} s.`,
      headers,
    );
  }
}
