import { EventEmitter } from 'node:events';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { Explanation, SubjectScore } from '../chunks.js';
import type { DriftState } from '../drift/stream.js';
import { SegcanaryError } from '../errors.js';
import type { ScanLimits } from '../limits.js';
import { scoreScan } from '../pipeline.js';
import type { ChannelBytes, Progress, ScanBytes, ScanOptions } from '../run-scan.js';
import { type SegmentResult, segmentScan } from '../segment-scan.js';
import type { DriftMonitor } from './drift.js';
import { errorOf, HttpError } from './http-error.js';
import type { ImageFolder, ScanFiles } from './images.js';
import type { Metrics } from './metrics.js';
import { type Place, ScanQueue } from './queue.js';
import { type KeptImage, type NewScan, type ScanRecord, scoreOf } from './record.js';
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

/** How a client wants its scan judged. */
export interface ScanWish extends Omit<NewScan, 'detector' | 'detectorHash'> {
  readonly detector: ServedDetector;
  readonly volume: number | undefined;
  readonly segment: boolean;
}

/** Where what is made of a scan goes, beside its record. */
export interface Sinks {
  readonly mask?: Writable | undefined;
}

export interface Judged {
  /** As the command line prints it. */
  readonly line: object;
  readonly explanation: Explanation | null;
  /** The segmentation, open, for whoever asked for one: its file may be gone. To be closed. */
  readonly segmentation: FileHandle | null;
}

/** How far a scan that is running has come. */
export type ScanProgress = Pick<Progress, 'patches' | 'total'>;

/** What those who watch a scan are told. */
interface ScanEvents {
  progress: [ScanProgress];
  end: [];
}

interface Live {
  readonly controller: AbortController;
  readonly events: EventEmitter<ScanEvents>;
  progress: ScanProgress | null;
}

/** The result of a scan as a line of the command line has it. */
export function lineOf(result: SubjectScore | SegmentResult): object {
  if (!('voxels' in result)) return result;
  const { score, case: name, patches, warnings, voxels } = result;
  return { ...(score ?? { case: name, patches, warnings }), segmentation: null, voxels };
}

/** A scan that has a place and a record. */
export class AcceptedScan {
  readonly id: string;
  readonly files: ScanFiles;
  readonly #service: ScanService;
  readonly #wish: ScanWish;
  readonly #place: Place;
  readonly #live: Live;

  constructor(
    service: ScanService,
    given: {
      readonly id: string;
      readonly files: ScanFiles;
      readonly wish: ScanWish;
      readonly place: Place;
      readonly live: Live;
    },
  ) {
    this.#service = service;
    this.id = given.id;
    this.files = given.files;
    this.#wish = given.wish;
    this.#place = given.place;
    this.#live = given.live;
  }

  get signal(): AbortSignal {
    return this.#live.controller.signal;
  }

  /** Gives the scan up: its client has gone, or asks for it. */
  cancel(): void {
    this.#live.controller.abort();
  }

  /**
   * Waits for its turn and scores the scan. However it ends, the record says so, the place is free and no file is left but what is kept.
   *
   * @param open gives the bytes when the turn has come, so that nothing is read of a scan that waits
   * @throws SegcanaryError what is wrong with the scan, `aborted`
   */
  async run(open: () => Promise<ScanBytes | readonly ChannelBytes[]>, sinks: Sinks = {}): Promise<Judged> {
    const { store, metrics, drift, onError } = this.#service.options;
    const { detector } = this.#wish;
    const asked = performance.now();
    let started = asked;
    let segmentation: FileHandle | null = null;
    try {
      await this.#place.turn(this.signal);
      started = performance.now();
      metrics.waited(started - asked);
      if (store.start(this.id) === null) throw removed();
      const { result, explanation } = await this.#judge(await open(), sinks);
      const score = scoreOf(result);
      const seconds = (performance.now() - started) / 1000;
      if (this.#wish.segment) segmentation = await openFile(this.files.path('segmentation'));
      const kept = await this.#keep(score);
      if (store.finish(this.id, { result, explanation, seconds, kept }) === null) throw removed();
      metrics.finished(detector, score, seconds);
      if (score) drift.add(this.id, detector, this.#wish.site, score.score);
      return { line: lineOf(result), explanation, segmentation };
    } catch (error) {
      await (segmentation as FileHandle | null)?.close();
      const found = errorOf(error);
      if (found.code === 'internal' || found.code === 'io') onError(error, this.id);
      store.fail(this.id, found);
      metrics.failed(detector, found.code);
      throw error;
    } finally {
      await this.files.discard().catch((error: unknown) => onError(error, this.id));
      this.#place.release();
      this.#service.ended(this.id);
    }
  }

  async #judge(source: ScanBytes | readonly ChannelBytes[], sinks: Sinks) {
    const { detector, segment, volume } = this.#wish;
    const { limits, tmpdir, keepFlagged } = this.#service.options;
    const { opened, segmenting } = detector;
    const keepsMask = keepFlagged && opened.kind === 'features';
    const options: ScanOptions & { mask?: Writable; explain: true } = {
      case: this.#wish.case,
      file: this.#wish.case,
      limits,
      tmpdir,
      volume,
      signal: this.signal,
      explain: true,
      onProgress: ({ patches, total }) => {
        this.#live.progress = { patches, total };
        this.#live.events.emit('progress', { patches, total });
      },
    };
    const kept = keepsMask ? this.files.write('uncertainty') : undefined;
    const mask = kept && sinks.mask ? both(kept, sinks.mask) : (kept ?? sinks.mask);
    let result: SubjectScore | SegmentResult;
    if (segment && segmenting) {
      const { model, segmenter } = segmenting;
      result = await segmentScan(source, {
        ...options,
        mask,
        plan: model.plan,
        segmentation: model.segmentation,
        stepSize: stepSizeOf(detector),
        segmenter,
        detector: opened,
        to: this.files.path('segmentation'),
      });
      const { score } = result;
      if (score === null) return { result, explanation: null };
      const { explanation = null, ...plain } = score;
      return { result: { ...result, score: plain }, explanation };
    }
    result = await scoreScan(source, { ...options, mask, detector: opened });
    const { explanation = null, ...plain } = result;
    return { result: plain, explanation };
  }

  async #keep(score: SubjectScore | null): Promise<KeptImage[]> {
    if (!this.#service.options.keepFlagged || score?.verdict !== 'out-of-distribution') return [];
    return this.files.keep(this.id);
  }
}

/** Whatever is written goes to both, at the pace of the slower. */
function both(file: Writable, answer: Writable): Writable {
  const all = [file, answer];
  const each = (act: (to: Writable, done: (error?: Error | null) => void) => void) =>
    Promise.all(
      all.map((to) => new Promise<void>((resolve, reject) => act(to, (error) => (error ? reject(error) : resolve())))),
    );
  return new Writable({
    write: (chunk, encoding, done) => {
      each((to, written) => to.write(chunk, encoding, written)).then(() => done(), done);
    },
    final: (done) => {
      each((to, ended) => to.end(ended)).then(() => done(), done);
    },
    destroy: (error, done) => {
      for (const to of all) to.destroy(error ?? undefined);
      done(error);
    },
  });
}

const removed = () => new SegcanaryError('aborted', 'The scan was removed before it was done.');

/** The distance between patches that a detector was fitted with. */
const stepSizeOf = ({ opened: { detector } }: ServedDetector): number =>
  detector.kind === 'intensities' ? 0.5 : detector.description.stepSize;

/** Takes scans in, scores them one after another, remembers what became of them and tells those who watch. */
export class ScanService {
  readonly options: ServiceOptions;
  readonly queue: ScanQueue;
  readonly #live = new Map<string, Live>();
  #draining = false;

  constructor(options: ServiceOptions) {
    this.options = options;
    // The network is one worker; a second scan beside the first would cost its memory and gain a few per cent.
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
        detectorHash: detector.opened.detector.id,
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

  /** Calls back with every step of a scan; `end` at once where it is not under way. Returns what ends the watching. */
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

  /** Gives up a scan that is under way, and forgets one that has ended: its record and images, not its place in the drift series. */
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
