import type { ScanProgress } from '../protocol/record.js';
import { AcceptedScan, type ScanServices } from './accepted-scan.js';
import { type Clock, ClockWatch, systemClock } from './clock.js';
import { HttpError, reasonOf } from './http-error.js';
import type { ImageFolder, ScanFiles } from './images.js';
import type { ScanRequest } from './judge.js';
import { OngoingScan } from './ongoing-scan.js';
import type { Places } from './queue.js';
import type { Doubt } from './retention.js';
import type { ScanRecord } from './scan-record.js';
import type { Retention } from './store.js';

export interface ServiceOptions extends ScanServices {
  readonly places: Places;
  readonly images: ImageFolder;
  readonly retention: Retention;
  readonly clock?: Clock | undefined;
  /** Where it is said what retention removed, and what it did not. */
  readonly log?: ServiceLog | undefined;
}

export interface AcceptOptions {
  /** Whoever asks comes again until there is a place: that is no refusal to count. */
  readonly isPatient?: boolean | undefined;
}

export interface ServiceLog {
  info(message: string): void;
  warn(message: string): void;
}

const HOUR = 3600 * 1000;
/** Time for which an answer to whether the store can be written holds. */
const RECENT = 2000;
/** Ids that a line of the log holds. */
const NAMED = 50;

/** Takes scans in, knows those that are under way, and forgets those that need not stay. */
export class ScanService {
  readonly #options: ServiceOptions;
  readonly #ongoing = new Map<string, OngoingScan>();
  #draining = false;
  #idle: (() => void) | null = null;
  readonly #clock: Clock;
  readonly #watch: ClockWatch;
  /** When records were last looked through for old ones, and what was said of it. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #said: string | null = null;
  #trouble: { readonly at: number; readonly why: string | null } | null = null;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#watch = new ClockWatch(this.#clock);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Gives a scan a place and a record.
   *
   * @throws HttpError `queue-full`, `draining` or, while the store cannot be written,
   *   `unavailable`, with Retry-After
   */
  async accept(request: ScanRequest, { isPatient = false }: AcceptOptions = {}): Promise<AcceptedScan> {
    const { store, images, places } = this.#options;
    const place = this.#draining ? null : places.reserve();
    if (!place) throw this.#refusal(isPatient);
    const why = this.trouble();
    if (why !== null) {
      place.release();
      // What little room there is is for removing scans.
      throw new HttpError(503, 'unavailable', `${why.replace(/\.$/, '')}; send it again later.`, {
        'retry-after': '30',
      });
    }
    let files: ScanFiles | null = null;
    try {
      const { case: name, site, scanner, served } = request;
      files = await images.begin();
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
      await files?.discard().catch(() => {});
      place.release();
      throw error;
    }
  }

  /**
   * Why no scan can be taken at the moment, in a sentence; null where one can. Tries what a full
   * disk had no room for, every few seconds at most.
   */
  trouble(): string | null {
    const { store, log } = this.#options;
    const at = this.#clock.elapsed();
    const before = this.#trouble;
    // What was well is asked again as soon as something is owed: the reserve is for no scan.
    if (before && at - before.at < RECENT && (before.why !== null || !store.isOwing)) return before.why;
    const found = store.settle();
    const why = found?.reason ?? null;
    this.#trouble = { at, why };
    if (found && !before?.why) log?.warn(found.error === null ? found.reason : `${why} ${reasonOf(found.error)}.`);
    if (why === null && before?.why) log?.info('The store can be written again.');
    return why;
  }

  /** Tries again what a full disk had no room for, where there is something. */
  tend(): void {
    if (this.#trouble?.why || this.#options.store.isOwing) this.trouble();
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
    const { images, log } = this.#options;
    this.#ongoing.get(id)?.cancel();
    const record = await this.#removed(id);
    if (!record) return null;
    await images.remove(id);
    if (this.#trouble) this.#trouble = { ...this.#trouble, at: Number.NEGATIVE_INFINITY };
    log?.info(`A client removed the scan ${id}.`);
    return record;
  }

  async #removed(id: string): Promise<ScanRecord | null> {
    const { store, images } = this.#options;
    try {
      return store.remove(id);
    } catch (error) {
      // Images take more room than anything else, and to remove them takes none.
      if (!store.get(id)?.kept.length) throw error;
      await images.remove(id);
      return store.remove(id);
    }
  }

  /**
   * Removes what need not stay, and says so. By days it looks once an hour, and not while the clock
   * is another one than at the start. What fails is done the next time.
   */
  prune(): void {
    const { store, retention, images, onError } = this.#options;
    const scans = retention.scans ?? null;
    const days = this.#isTimeToLook() ? (retention.days ?? null) : null;
    if (days === null && scans === null) return;
    try {
      const { removed, doubt } = store.prune({ days, scans });
      for (const { id, kept } of removed)
        if (kept.length > 0) images.remove(id).catch((error: unknown) => onError(error, id));
      this.#tell(removed.map(({ id }) => id));
      if (days !== null) this.#warn(doubt && doubted(doubt));
    } catch (error) {
      onError(error, 'retention');
    }
  }

  #isTimeToLook(): boolean {
    const { retention } = this.#options;
    const elapsed = this.#clock.elapsed();
    if ((retention.days ?? null) === null || elapsed - this.#lookedAt < HOUR) return false;
    this.#lookedAt = elapsed;
    const { jump } = this.#watch;
    if (jump === 0) return true;
    this.#warn(
      `The clock was set ${Math.abs(jump / HOUR).toFixed(1)} hours ${jump > 0 ? 'ahead' : 'back'} since the server started: no scan is forgotten for its age until it is set right, or, if it is right now, until the server is started again.`,
    );
    return false;
  }

  #tell(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
    const named = ids.slice(0, NAMED).join(', ');
    this.#options.log?.info(`Retention forgot ${ids.length} scans: ${named}${more}.`);
  }

  /** Says what keeps records from being forgotten, once. */
  #warn(message: string | null): void {
    if (message !== null && message !== this.#said) this.#options.log?.warn(message);
    this.#said = message;
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
  #refusal(isPatient: boolean): HttpError {
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
    if (!isPatient) metrics.refused();
    return new HttpError(
      429,
      'queue-full',
      `There is no room for another scan; send it again in ${seconds} s.`,
      headers,
    );
  }
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

const doubted = ({ counted, newest }: Doubt): string =>
  `The newest scans are of ${day(newest)} and those before of ${day(counted)}: age counts from ${day(counted)} until there are scans of three days. If the clock is wrong, set it right.`;
