import { type FileHandle, open as openFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { SegcanaryError } from '../errors.js';
import type { KeptImage } from '../protocol/record.js';
import type { Explanation, SegmentResult, SubjectScore } from '../results.js';
import type { DriftMonitor } from './drift.js';
import { errorAnswer, errorOf } from './http-error.js';
import type { ScanFiles } from './images.js';
import type { Judge, Judged, OpenScan, ScanRequest } from './judge.js';
import type { Metrics } from './metrics.js';
import type { OngoingScan } from './ongoing-scan.js';
import type { Place } from './queue.js';
import { scoreOf } from './scan-record.js';
import type { ScanStore } from './store.js';
import { tee } from './tee.js';

/** What the scans of a server share. */
export interface ScanServices {
  readonly judge: Judge;
  readonly store: ScanStore;
  readonly metrics: Metrics;
  readonly drift: DriftMonitor;
  /** Keep the images of scans that are out of distribution. */
  readonly keepFlagged: boolean;
  /** Called with what broke and is not the fault of a scan: clients are not told how. */
  readonly onError: (error: unknown, id: string) => void;
}

/** What one scan has of its own. */
export interface AcceptedScanOptions {
  readonly id: string;
  readonly request: ScanRequest;
  readonly files: ScanFiles;
  readonly place: Place;
  readonly ongoing: OngoingScan;
  /** Called once, when everything about the scan is done. */
  readonly onEnd: () => void;
}

/** What a client is answered with. */
export interface ScanAnswer {
  /** Without its explanation. */
  readonly result: SubjectScore | SegmentResult;
  readonly explanation: Explanation | null;
  /** The segmentation, open, for whoever asked for one: its file may be gone. To be closed. */
  readonly segmentation: FileHandle | null;
}

/**
 * A scan that has a place and a record. It ends by `run` or by `fail`, one of them, once; however
 * it ends, the record says so, the place is free and no file is left but what is kept.
 */
export class AcceptedScan {
  readonly #scan: AcceptedScanOptions;
  #request: ScanRequest;
  /** Writes the image that may be kept, where what came is no file that can be. */
  #writeImage: ((to: string) => Promise<void>) | null = null;
  readonly #services: ScanServices;
  /** Where the map that may be kept is written, once it is opened. */
  #keptMap: Writable | null = null;

  constructor(scan: AcceptedScanOptions, services: ScanServices) {
    this.#scan = scan;
    this.#request = scan.request;
    this.#services = services;
  }

  get id(): string {
    return this.#scan.id;
  }

  /** What it is called in its result. */
  get case(): string {
    return this.#request.case;
  }

  get files(): ScanFiles {
    return this.#scan.files;
  }

  get signal(): AbortSignal {
    return this.#scan.ongoing.signal;
  }

  /**
   * Says what was only known when it was here: a series tells its name and where it comes from.
   *
   * @param writeImage as in `keepAs`
   */
  describe(said: Pick<ScanRequest, 'case' | 'site' | 'scanner'>, writeImage: (to: string) => Promise<void>): void {
    this.#request = { ...this.#request, ...said };
    this.keepAs(writeImage);
    if (this.#services.store.describe(this.id, said) === null) throw removed();
  }

  /** Says how the image that may be kept is written, of a scan that came as files of slices. */
  keepAs(writeImage: (to: string) => Promise<void>): void {
    this.#writeImage = writeImage;
  }

  /** Gives the scan up: its client has gone. */
  cancel(): void {
    this.#scan.ongoing.cancel();
  }

  /**
   * Waits for the turn of a scan that is here and judges it.
   *
   * @param open gives its bytes, from this machine's disk: a turn never waits for a sender
   * @param mask where the uncertainty map goes, for a client that wants it
   * @param onJudged what is to be done while the images are there, before the record says that the
   *   scan is done
   * @throws SegcanaryError what is wrong with the scan, `aborted`; what `onJudged` throws
   */
  async run(open: OpenScan, mask?: Writable, onJudged?: (judged: Judged) => Promise<void>): Promise<ScanAnswer> {
    const { id, files, place, ongoing } = this.#scan;
    const request = this.#request;
    const { judge, store, metrics, drift } = this.#services;
    const asked = performance.now();
    let segmentation: FileHandle | null = null;
    try {
      await place.turn(this.signal);
      const started = performance.now();
      metrics.waited(started - asked);
      if (store.start(id) === null) throw removed();
      const { result, explanation } = await judge.judge(request, open, {
        mask: this.#maskOpener(mask),
        segmentation: files.path('segmentation'),
        signal: this.signal,
        onProgress: (progress) => ongoing.advance(progress),
      });
      const score = scoreOf(result);
      const seconds = (performance.now() - started) / 1000;
      await onJudged?.({ result, explanation });
      if (request.segment) segmentation = await openFile(files.path('segmentation'));
      const kept = await this.#keep(score);
      if (store.finish(id, { result, explanation, seconds, kept }) === null) throw removed();
      metrics.finished(request.served, score, seconds);
      if (score) drift.add(id, request.served, request, score.score);
      return { result, explanation, segmentation };
    } catch (error) {
      await (segmentation as FileHandle | null)?.close();
      await files.giveUp().catch((failure: unknown) => this.#services.onError(failure, id));
      this.#record(error);
      throw error;
    } finally {
      await this.#end();
    }
  }

  /**
   * Ends a scan that cannot be run, since its bytes did not come. It waits for no turn, and records
   * and metrics take it for one that began at once.
   */
  async fail(error: unknown): Promise<void> {
    const { store, metrics, onError } = this.#services;
    metrics.waited(0);
    try {
      store.start(this.id);
    } catch (failure) {
      // The client is told what was wrong with its scan, not that this could not be written down.
      onError(failure, this.id);
    }
    this.#record(error);
    await this.#end();
  }

  #record(error: unknown): void {
    const { id } = this.#scan;
    const request = this.#request;
    const { store, metrics, onError } = this.#services;
    const { code, message } = errorOf(error);
    if (errorAnswer(error).status === 500) onError(error, id);
    try {
      store.fail(id, { code, message });
    } catch (failure) {
      onError(failure, id);
    }
    metrics.failed(request.served, code);
  }

  async #end(): Promise<void> {
    const { id, files, place, onEnd } = this.#scan;
    // A scan that fails may not have come to its first slice, and so to nobody who closes the file.
    this.#keptMap?.destroy();
    await files.discard().catch((error: unknown) => this.#services.onError(error, id));
    place.release();
    onEnd();
  }

  /** Where the map goes: to the client, to the file that may be kept, to both, or nowhere. */
  #maskOpener(asked: Writable | undefined): (() => Writable) | undefined {
    const { files } = this.#scan;
    const request = this.#request;
    const isKept = this.#services.keepFlagged && request.served.detector.kind === 'features';
    if (!isKept) return asked && (() => asked);
    return () => {
      const kept = files.write('uncertainty');
      // A file that cannot be opened is told where it is written to, and until then to nobody.
      kept.on('error', () => {});
      this.#keptMap = kept;
      return asked ? tee(kept, asked) : kept;
    };
  }

  async #keep(score: SubjectScore | null): Promise<KeptImage[]> {
    if (!this.#services.keepFlagged || score?.verdict !== 'out-of-distribution') return [];
    const { files } = this.#scan;
    await this.#writeImage?.(files.path('image'));
    return files.keep(this.id);
  }
}

const removed = () => new SegcanaryError('aborted', 'The scan was removed before it was done.');
