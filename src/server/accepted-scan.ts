import type { EventEmitter } from 'node:events';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { ChannelBytes, ScanBytes } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import type { Progress } from '../pipeline.js';
import { type KeptImage, type NewScan, scoreOf } from '../protocol/record.js';
import type { Explanation, SegmentResult, SubjectScore } from '../results.js';
import type { ScanOptions } from '../scans/run.js';
import { scoreScan } from '../scans/score.js';
import { segmentScan } from '../scans/segment.js';
import { errorOf } from './http-error.js';
import type { ScanFiles } from './images.js';
import type { Place } from './queue.js';
import type { ServedDetector } from './served.js';
import type { ScanService } from './service.js';
import { both } from './tee.js';

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

export interface Live {
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
   * Waits for its turn and scores the scan. However it ends, the record says so, the place is free
   * and no file is left but what is kept.
   *
   * @param open gives the bytes when the turn has come, so that nothing is read of a scan that
   *   waits
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
      store.fail(this.id, { code: found.code, message: found.message });
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
    const { detector: opened, segmenting } = detector;
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

const removed = () => new SegcanaryError('aborted', 'The scan was removed before it was done.');

/** The distance between patches that a detector was fitted with. */
const stepSizeOf = ({ detector }: ServedDetector): number =>
  detector.kind === 'intensities' ? 0.5 : detector.description.stepSize;
