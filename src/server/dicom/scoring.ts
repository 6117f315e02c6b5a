import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort, SegcanaryError } from '../../errors.js';
import { type FilePlace, folderPlace } from '../../formats/dicom/file-place.js';
import { isDamaged, readHeaders } from '../../formats/dicom/find.js';
import { originOf, type ScanOrigin } from '../../formats/dicom/origin.js';
import { dicomInputs } from '../../jobs/dicom-inputs.js';
import { openInput } from '../../jobs/open-input.js';
import type { ScanInput } from '../../jobs/scan-input.js';
import type { ScanLimits } from '../../limits.js';
import type { AcceptedScan } from '../accepted-scan.js';
import { HttpError } from '../http-error.js';
import type { ServedDetector } from '../served.js';
import type { ScanService } from '../service.js';
import type { ScanStore } from '../store.js';
import { type DicomNaming, writeImageOf } from '../uploaded-series.js';
import type { IncomingFolder } from './incoming.js';
import { JobNotes } from './job-notes.js';
import type { Outbox } from './outbox.js';
import { runWithObjects } from './with-objects.js';

export interface ScoringOptions {
  readonly incoming: IncomingFolder;
  readonly service: Pick<ScanService, 'accept'>;
  readonly store: Pick<ScanStore, 'get'>;
  readonly served: ServedDetector;
  readonly naming: DicomNaming;
  readonly limits: ScanLimits;
  readonly tmpdir: string | undefined;
  /** Take a gantry tilt out. */
  readonly untilt: boolean;
  /** Where results go; null where they are sent nowhere. */
  readonly outbox: Outbox | null;
  /** What broke on our side. */
  readonly onError: (error: unknown) => void;
}

/** Milliseconds between attempts where the queue is full, or the disk. */
const AGAIN = 1000;
/** The same of a series that broke on our side: doubled with each attempt, and at most. */
const LONGEST_AGAIN = 900_000;

/**
 * Scores series that are complete, one after another and each exactly once, through the same queue
 * as scans that come over HTTP.
 */
export class SeriesScoring {
  readonly #options: ScoringOptions;
  readonly #waiting: string[] = [];
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  /** Series that are tried again when their timer fires. */
  readonly #later = new Map<string, NodeJS.Timeout>();
  readonly #attempts = new Map<string, number>();

  constructor(options: ScoringOptions) {
    this.#options = options;
  }

  /** Series that are complete and not yet scored. */
  get waiting(): number {
    return this.#waiting.length + this.#later.size;
  }

  /** A series is complete: `IncomingFolder.take`. */
  add(job: string): void {
    this.#waiting.push(job);
    this.#running ??= this.#run();
  }

  /** Takes no more; comes back when the series that is being scored is done with. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#later.values()) clearTimeout(timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { onError } = this.#options;
    for (let job = this.#waiting[0]; job && !this.#stopping.signal.aborted; job = this.#waiting[0]) {
      // What breaks here and is not the scan's fault leaves its files where they are: they are
      // taken up again after a while, and by the next start.
      const isDone = await this.#score(job).then(
        () => true,
        (error: unknown) => {
          if (!isStop(error)) onError(error);
          return isStop(error);
        },
      );
      this.#waiting.shift();
      if (!isDone) this.#addLater(job);
    }
    this.#running = null;
  }

  /** A full disk has room again some time, and others need not wait for it. */
  #addLater(job: string): void {
    if (this.#stopping.signal.aborted) return;
    const attempts = (this.#attempts.get(job) ?? 0) + 1;
    this.#attempts.set(job, attempts);
    const timer = setTimeout(
      () => {
        this.#later.delete(job);
        this.add(job);
      },
      Math.min(LONGEST_AGAIN, AGAIN * 2 ** attempts),
    );
    this.#later.set(job, timer);
  }

  async #score(job: string): Promise<void> {
    const { incoming, naming, untilt } = this.#options;
    const place = seriesPlace(incoming.pathOf(job));
    const notes = await JobNotes.open(incoming.pathOf(job));
    // A series may hold several volumes: echoes, phases, reconstructions. Each is a scan.
    const key = Buffer.from(naming.key).toString('hex');
    const inputs = await dicomInputs(place, { eachSeries: true, untilt, key });
    const isCut = await incoming.wasCut(job);
    for (const input of inputs) {
      const note = notes.of(input.case);
      if (note && (note.isDone || this.#hasEnded(note.id))) continue;
      const whole = isCut ? { ...input, error: cutOff() } : input;
      await this.#scoreOne(whole, await this.#originOf(input, place), notes);
    }
    await incoming.remove(job);
    this.#attempts.delete(job);
  }

  async #scoreOne(input: ScanInput, origin: ScanOrigin, notes: JobNotes): Promise<void> {
    const scan = await this.#accept(input.case, origin);
    try {
      await notes.write(input.case, { id: scan.id, isDone: false });
    } catch (error) {
      await scan.fail(error);
      throw error;
    }
    if (input.error) await scan.fail(input.error);
    // Its record tells what it failed with, and the log what is ours of it.
    else await this.#judge(scan, input).catch(() => {});
    await notes.write(input.case, { id: scan.id, isDone: true });
  }

  async #judge(scan: AcceptedScan, input: ScanInput): Promise<void> {
    const { served, outbox, limits, tmpdir } = this.#options;
    const { plan, orientations } = served.detector.description;
    const [first] = input.series ?? [];
    if (first) {
      const reading = { case: input.case, file: input.case, limits, orientations, signal: scan.signal };
      scan.keepAs((to) => writeImageOf(first, to, reading));
    }
    const open = () => openInput(input, plan, limits, scan.signal);
    if (outbox && first) return runWithObjects(scan, { open, series: first, served, outbox, limits, tmpdir });
    const { segmentation } = await scan.run(open);
    await segmentation?.close();
  }

  /** Waits for a place, and for the disk: a series that was acknowledged is never refused. */
  async #accept(name: string, origin: ScanOrigin): Promise<AcceptedScan> {
    const { service, served } = this.#options;
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      try {
        return await service.accept(
          { served, case: name, ...origin, volume: undefined, segment: served.segmenting !== null },
          { isPatient: true },
        );
      } catch (error) {
        if (!(error instanceof HttpError) || error.code === 'draining') throw error;
        await sleep(AGAIN, null, { signal: this.#stopping.signal });
      }
    }
  }

  /** Whether a record says that its scan is done with. One that was forgotten says nothing. */
  #hasEnded(id: string): boolean {
    const status = this.#options.store.get(id)?.status;
    return status === 'done' || status === 'failed';
  }

  async #originOf(input: ScanInput, place: FilePlace): Promise<ScanOrigin> {
    const { naming } = this.#options;
    const files = input.series ? await input.series[0].files() : place.all();
    for await (const found of readHeaders(files)) if (!isDamaged(found)) return originOf(found, naming.key, naming);
    return { site: null, scanner: null };
  }
}

/** A part of a series may look whole, and its score would be that of another scan. */
const cutOff = (): SegcanaryError =>
  new SegcanaryError(
    'truncated',
    'its sender was cut off before it had ended and did not come again, so slices may be missing; send the series again.',
    { subject: 'the series' },
  );

/** The files of a series, without a word of where they lie: records are read by clients. */
const seriesPlace = (folder: string): FilePlace => ({
  ...folderPlace(folder),
  name: 'the series',
  nameOf: () => 'the series',
});

/** Whether a scan was left where it was because the server stops. */
const isStop = (error: unknown): boolean =>
  (error instanceof HttpError && error.code === 'draining') ||
  isAbort(error) ||
  (error instanceof SegcanaryError && error.code === 'aborted');
